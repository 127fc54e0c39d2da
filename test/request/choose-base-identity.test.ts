import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Platform } from "../../src/request/platform.js";
import { createRoleRequest } from "../../src/request/role-request.js";
import { PERSON, PLATFORMS } from "./platform-env.js";
import { expectInvalid, ROLE, refusalOf, requestOf, roleRequestOf } from "./support.js";

type Env = Record<string, string | undefined>;

const FIELD = "instance.credentials";
const baseOf = (credentials: unknown, env: Env = {}) => requestOf({ instance: { credentials }, env }).chain.base;

describe("an instance that chooses no source", () => {
  it("is the instance profile where nothing is announced", () => {
    expect(baseOf(undefined).kind).toBe("instance-profile");
    expect(baseOf(undefined, { AWS_LAMBDA_FUNCTION_NAME: "", AWS_ROLE_ARN: "" }).kind).toBe("instance-profile");
  });

  it("is the instance profile for a person with keys and a profile", () => {
    expect(baseOf(undefined, PERSON).kind).toBe("instance-profile");
  });

  it.each([
    ["ECS", "a container's role (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI)", "EcsContainer", "a container's role"],
    [
      "EKS Pod Identity",
      "a container's role (AWS_CONTAINER_CREDENTIALS_FULL_URI)",
      "EcsContainer",
      "a container's role",
    ],
    ["IRSA", "a web identity (AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN)", "WebIdentity", "a web identity"],
    [
      "Lambda",
      "the role of a Lambda function (AWS_LAMBDA_FUNCTION_NAME)",
      "Environment",
      "the role of a Lambda function",
    ],
  ] as const)("is refused on %s, with the lines to choose from", (platform, announced, source, what) => {
    expectInvalid(
      () => baseOf(undefined, PLATFORMS[platform]),
      FIELD,
      `instance.credentials is not set, and the environment announces ${announced}. Choose one: "credentials": "${source}" for ${what}, or "credentials": "Ec2InstanceMetadata" for the machine's instance profile.`,
    );
  });

  it("is refused with all lines where two are announced", () => {
    const error = refusalOf(() => baseOf(undefined, { ...PLATFORMS.IRSA, ...PLATFORMS["EKS Pod Identity"] }));
    expect(error.message).toContain("a web identity (AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN) and a container's");
    for (const source of ["WebIdentity", "EcsContainer", "Ec2InstanceMetadata"]) {
      expect(error.hint).toContain(`"credentials": "${source}"`);
    }
  });

  it("is the author's own provider where that replaces the instance profile", () => {
    const platform = new Platform(PLATFORMS.ECS, { replacesInstanceProfile: true });
    expect(createRoleRequest({}, {}, undefined, PLATFORMS.ECS, platform).chain.base.kind).toBe("instance-profile");
  });

  it("is not asked on behalf of a role that is not allowed", () => {
    const instance = { allowedRoles: [], roleArn: ROLE };
    expect(refusalOf(() => requestOf({ instance, env: PLATFORMS.ECS })).code).toBe("ROLE_NOT_ALLOWED");
  });
});

describe("an instance that chooses a source", () => {
  it.each(Object.entries(PLATFORMS))("may choose the instance profile on %s", (_, env) => {
    expect(baseOf("Ec2InstanceMetadata", env).kind).toBe("instance-profile");
    expect(baseOf("Ec2InstanceMetadata", env).keyPart).toBe(baseOf(undefined).keyPart);
  });

  it("finds the relative URI below ECS's agent", () => {
    expect(baseOf("EcsContainer", PLATFORMS.ECS).origin()).toEqual({
      kind: "container",
      endpoint: { url: new URL("http://169.254.170.2/v2/credentials/hush-0f1e2d3c"), authorization: undefined },
    });
  });

  it("finds the full URI, with the token file before the token", () => {
    const env = { ...PLATFORMS["EKS Pod Identity"], AWS_CONTAINER_AUTHORIZATION_TOKEN: "hush" };
    const tokenFile = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
    const url = new URL("http://169.254.170.23/v1/credentials");
    expect(baseOf("EcsContainer", env).origin()).toMatchObject({ endpoint: { url, authorization: { tokenFile } } });
    const withToken = { ...env, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "" };
    expect(baseOf("EcsContainer", withToken).origin()).toMatchObject({
      endpoint: { authorization: { token: "hush" } },
    });
  });

  it("prefers the relative URI, as AWS's SDKs do", () => {
    const env = { ...PLATFORMS["EKS Pod Identity"], ...PLATFORMS.ECS };
    expect(baseOf("EcsContainer", env).origin()).toMatchObject({ endpoint: { url: { hostname: "169.254.170.2" } } });
  });

  it("finds the web identity of the environment", () => {
    const env = { ...PLATFORMS.IRSA, AWS_ROLE_SESSION_NAME: "reader" };
    expect(baseOf("WebIdentity", env).origin()).toMatchObject({
      kind: "web-identity",
      webIdentity: {
        tokenFile: env.AWS_WEB_IDENTITY_TOKEN_FILE,
        tokenFileFrom: "AWS_WEB_IDENTITY_TOKEN_FILE",
        role: { arn: env.AWS_ROLE_ARN },
        roleSessionName: "reader",
      },
    });
  });

  it("can name a web identity, whatever the environment announces", () => {
    const webIdentity = { webIdentityTokenFile: "/run/token", roleArn: ROLE };
    expect(baseOf(webIdentity, PLATFORMS.IRSA).origin()).toMatchObject({
      webIdentity: { tokenFile: "/run/token", tokenFileFrom: "instance.credentials.webIdentityTokenFile" },
    });
  });

  it("finds the keys of the environment, with their expiration and account", () => {
    const env = {
      ...PLATFORMS.Lambda,
      AWS_CREDENTIAL_EXPIRATION: "2030-01-31T12:00:00Z",
      AWS_ACCOUNT_ID: "111122223333",
    };
    expect(baseOf("Environment", env).origin()).toEqual({
      kind: "environment",
      identity: {
        accessKeyId: env.AWS_ACCESS_KEY_ID,
        secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
        sessionToken: env.AWS_SESSION_TOKEN,
        accountId: "111122223333",
        expiration: new Date("2030-01-31T12:00:00Z"),
      },
    });
  });

  it("finds nothing but a profile that it names", () => {
    expect(baseOf({ profile: "work" }, PLATFORMS.ECS).origin()).toEqual({ kind: "profile", profile: "work" });
  });

  it.each([
    ["EC2", "instance-profile"],
    ["ECS", "container"],
    ["EKS Pod Identity", "container"],
    ["IRSA", "web-identity"],
    ["Lambda", "environment"],
  ] as const)("is, with Runtime on %s, the %s", (platform, kind) => {
    expect(baseOf("Runtime", PLATFORMS[platform]).kind).toBe(kind);
    expect(baseOf("Runtime", { ...PERSON, ...PLATFORMS[platform] }).kind).toBe(kind);
  });

  it("is refused with Runtime where two are announced", () => {
    expectInvalid(
      () => baseOf("Runtime", { ...PLATFORMS.Lambda, ...PLATFORMS.ECS }),
      FIELD,
      'instance.credentials is "Runtime", but the environment announces the role of a Lambda function (AWS_LAMBDA_FUNCTION_NAME) and a container\'s role (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI). Choose one: "credentials": "Environment" or "credentials": "EcsContainer".',
    );
  });

  it.each([
    [
      "EcsContainer",
      {},
      'instance.credentials is "EcsContainer", but neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set. Set the variables, or choose a source that this machine has, such as "credentials": "Ec2InstanceMetadata".',
    ],
    [
      "WebIdentity",
      PLATFORMS.ECS,
      'instance.credentials is "WebIdentity", but AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN are not set. Set the variables, or choose a source that this machine has, such as "credentials": "EcsContainer" or "credentials": "Ec2InstanceMetadata".',
    ],
    [
      "Environment",
      { AWS_SESSION_TOKEN: "hush" },
      'instance.credentials is "Environment", but AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set. Set the variables, or choose a source that this machine has, such as "credentials": "Ec2InstanceMetadata".',
    ],
  ])("is refused if %s is not there", (credentials, env, message) => {
    expectInvalid(() => baseOf(credentials, env), FIELD, message);
  });

  it("stays the same after a program deletes the variables", () => {
    const env: Env = { ...PLATFORMS.ECS };
    const platform = new Platform(env);
    delete env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI;
    const base = (credentials: "Runtime" | undefined) =>
      createRoleRequest({ credentials }, {}, undefined, env, platform).chain.base;
    expect(base("Runtime").kind).toBe("container");
    expect(() => base(undefined)).toThrow("announces a container's role");
  });
});

describe("half an environment", () => {
  it.each<[string, Env, string, string]>([
    [
      "WebIdentity",
      { AWS_ROLE_ARN: ROLE },
      "AWS_WEB_IDENTITY_TOKEN_FILE",
      "AWS_WEB_IDENTITY_TOKEN_FILE is not set, but AWS_ROLE_ARN is. A web identity needs both: the file that holds the token, and the role that trusts its issuer.",
    ],
    [
      "Runtime",
      { AWS_WEB_IDENTITY_TOKEN_FILE: "/run/token" },
      "AWS_ROLE_ARN",
      "AWS_ROLE_ARN is not set, but AWS_WEB_IDENTITY_TOKEN_FILE is. A web identity needs both: the file that holds the token, and the role that trusts its issuer.",
    ],
    [
      "Environment",
      { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE" },
      "AWS_SECRET_ACCESS_KEY",
      "AWS_SECRET_ACCESS_KEY is not set, but AWS_ACCESS_KEY_ID is. Set both halves of the key pair.",
    ],
    [
      "Runtime",
      { AWS_LAMBDA_FUNCTION_NAME: "collector", AWS_SECRET_ACCESS_KEY: "hush" },
      "AWS_ACCESS_KEY_ID",
      "AWS_ACCESS_KEY_ID is not set, but AWS_SECRET_ACCESS_KEY is. Set both halves of the key pair.",
    ],
  ])("is refused with %s: %o", (credentials, env, field, message) => {
    expectInvalid(() => baseOf(credentials, env), field, message);
  });

  it("is announced, too: nothing else takes its place", () => {
    expect(() => baseOf(undefined, { AWS_ROLE_ARN: ROLE })).toThrow("announces a web identity (AWS_ROLE_ARN)");
  });
});

describe("a wrong variable", () => {
  const URIS = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
  const HOSTS = "with http, the host must be loopback, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]";

  it.each([
    "https://credentials.example.com/v1",
    "http://localhost:1338/latest/credentials?role=a",
    "http://127.9.9.9/",
    "http://[::1]:81/x",
    "http://169.254.170.2/v3",
    "http://169.254.170.23/v1/credentials",
    "http://[fd00:ec2::23]/v1/credentials",
  ])("is not %s", (uri) => {
    expect(baseOf("EcsContainer", { [URIS]: uri }).origin()).toMatchObject({ endpoint: { url: new URL(uri) } });
  });

  it.each([
    "http://credentials.example.com/hush",
    "http://10.0.0.1/hush",
    "http://169.254.169.254/hush",
    "http://169.254.170.24/hush",
    "http://[fd00:ec2::254]/hush",
    "http://127.0.0.1.example.com/hush",
    "http://localhost.example.com/hush",
  ])("is %s, over which anyone could read the keys", (uri) => {
    const error = expectInvalid(
      () => baseOf("EcsContainer", { [URIS]: uri }),
      URIS,
      `${URIS} would read credentials over ${new URL(uri).origin}. Use https, or another host: ${HOSTS}.`,
    );
    expect(error.message).not.toContain("hush");
  });

  it.each([
    "hush",
    "/hush",
    "ftp://127.0.0.1/hush",
    "http://user:hush@127.0.0.1/",
    "http://127.0.0.1/hush hush",
    "http://",
  ])("is a full URI such as %s", (uri) => {
    expectInvalid(
      () => baseOf("EcsContainer", { [URIS]: uri }),
      URIS,
      `${URIS} is invalid: received a string of ${uri.length} characters. Allowed: an https or http URL without a user; ${HOSTS}.`,
    );
  });

  it.each(["hush", "@hush.example.com/", ":80@hush/", "/hush hush", "/hush\r\nX: y", ".hush.example.com/"])(
    "is a relative URI such as %j",
    (uri) => {
      expectInvalid(
        () => baseOf("EcsContainer", { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: uri }),
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is invalid: received a string of ${uri.length} characters. Allowed: a path that begins with /.`,
      );
    },
  );

  it("never leads from a relative URI to another host", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii", maxLength: 40 }), (text) => {
        const env = { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: `/${text}` };
        let origin: unknown;
        try {
          origin = baseOf("EcsContainer", env).origin();
        } catch (error) {
          expect(error).toMatchObject({ code: "INVALID_REQUEST" });
          return;
        }
        expect(origin).toMatchObject({ endpoint: { url: { origin: "http://169.254.170.2", username: "" } } });
      }),
      { numRuns: 300 },
    );
  });

  it.each(["hush\nX-Injected: 1", "hush\r\n", " hush", "hush\u2028", "hush\0"])("is a token such as %j", (token) => {
    const env = { ...PLATFORMS.ECS, AWS_CONTAINER_AUTHORIZATION_TOKEN: token };
    const error = refusalOf(() => baseOf("EcsContainer", env));
    expect(error.field).toBe("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    expect(error.message).not.toContain("hush");
  });

  it.each([
    ["AWS_ROLE_ARN", "arn:aws:iam::111122223333:user/x", "AWS_ROLE_ARN"],
    ["AWS_ROLE_SESSION_NAME", "a b", "AWS_ROLE_SESSION_NAME"],
    ["AWS_WEB_IDENTITY_TOKEN_FILE", "a\0b", "AWS_WEB_IDENTITY_TOKEN_FILE"],
  ])("is %s=%s", (name, value, field) => {
    expect(refusalOf(() => baseOf("WebIdentity", { ...PLATFORMS.IRSA, [name]: value })).field).toBe(field);
  });

  it.each([
    ["AWS_ACCESS_KEY_ID", "hush hush"],
    ["AWS_SECRET_ACCESS_KEY", "hush\n"],
    ["AWS_SESSION_TOKEN", "hush hush"],
    ["AWS_ACCOUNT_ID", "hush"],
    ["AWS_CREDENTIAL_EXPIRATION", "hush"],
  ])("is %s=%j", (name, value) => {
    const error = refusalOf(() => baseOf("Environment", { ...PLATFORMS.Lambda, [name]: value }));
    expect(error).toMatchObject({ code: "INVALID_REQUEST", field: name });
    expect(error.message).not.toContain("hush");
  });
});

describe("the session key of a source", () => {
  it("differs between sources, and between what they read", () => {
    const given: [unknown, Env][] = [
      [undefined, {}],
      ["EcsContainer", PLATFORMS.ECS],
      ["EcsContainer", { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/another" }],
      ["EcsContainer", PLATFORMS["EKS Pod Identity"]],
      ["EcsContainer", { ...PLATFORMS["EKS Pod Identity"], AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "/another" }],
      ["WebIdentity", PLATFORMS.IRSA],
      ["WebIdentity", { ...PLATFORMS.IRSA, AWS_ROLE_SESSION_NAME: "reader" }],
      [{ webIdentityTokenFile: "/run/token", roleArn: ROLE }, {}],
      ["Environment", PLATFORMS.Lambda],
      ["Environment", { ...PLATFORMS.Lambda, AWS_SESSION_TOKEN: "another" }],
      ["Environment", { ...PLATFORMS.Lambda, AWS_CREDENTIAL_EXPIRATION: "2030-01-31T12:00:00Z" }],
      [{ profile: "work" }, {}],
      [{ profile: "home" }, {}],
    ];
    const keys = given.map(([credentials, env]) => roleRequestOf({ instance: { credentials }, env }).chain.digest);
    expect(new Set(keys).size).toBe(given.length);
  });

  it("is that of the name, if there is one, whatever the platform", () => {
    const named = (env: Env) =>
      requestOf({ instance: { credentials: "Runtime", credentialsName: "pods" }, env }).chain.base;
    for (const env of Object.values(PLATFORMS)) expect(named(env).keyPart).toBe("named:pods");
  });

  it("is another one if an impostor of STS could have issued the web identity", () => {
    const keyOf = (instance: object, env: Env = {}) =>
      requestOf({ instance: { credentials: "WebIdentity", ...instance }, env: { ...PLATFORMS.IRSA, ...env } }).chain
        .base.key;
    const own = { sts: { endpoint: "https://sts.example.com" } };
    const keys = [keyOf({}), keyOf(own), keyOf({}, { NODE_TLS_REJECT_UNAUTHORIZED: "0" })];
    const name = { credentialsName: "pods" };
    const named = [keyOf(name), keyOf({ ...name, ...own }), keyOf({ ...name, dangerouslyAllowPlainHttp: true })];
    expect(new Set([...keys, ...named]).size).toBe(6);
    expect(keyOf({ sts: { region: "eu-west-1" } })).toBe(keyOf({}));
  });

  it("shows no secret, however a request is printed", () => {
    for (const [credentials, env] of [
      ["Environment", PLATFORMS.Lambda],
      ["EcsContainer", { ...PLATFORMS.ECS, AWS_CONTAINER_AUTHORIZATION_TOKEN: "hush" }],
    ] as const) {
      const request = roleRequestOf({ instance: { credentials }, env });
      const platform = new Platform(env);
      expect(inspect([request, platform], { depth: 9, showHidden: true, getters: true })).not.toContain("hush");
      expect(JSON.stringify([request, platform])).not.toContain("hush");
    }
  });
});
