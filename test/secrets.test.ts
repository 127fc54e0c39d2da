import { createSecretKey, randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { expect, it, onTestFinished, vi } from "vitest";
import { createCredentialResolver, type IntegrationInstance } from "../src/index.js";
import type { Fault } from "../src/testing/index.js";
import { instanceFromParams } from "../src/xsoar/index.js";
import { startConnectProxy } from "./support/connect-proxy.js";
import { EVENT_NAMES, LRU_CHANNELS, listen } from "./support/events.js";
import { HOUR, MINUTE, OTHER_ROLE, ROLE, SECOND, setUpLocal } from "./support/local.js";

/** All visible output, as text, in every way to print a value. */
function createWitness() {
  const seen: string[] = [];
  const note = (value: unknown) => {
    seen.push(inspect(value, { depth: 30, showHidden: true, maxArrayLength: null, maxStringLength: null }));
    try {
      seen.push(JSON.stringify(value) ?? "");
    } catch {
      // what cannot be written as JSON cannot leak by it
    }
    seen.push(String(value));
    if (value instanceof Error) seen.push(String(value.stack), inspect(value.cause, { depth: 30, showHidden: true }));
  };
  const counts = new Map<string, number>();
  for (const name of [...EVENT_NAMES.map((event) => `aws-rolecall:${event}`), ...LRU_CHANNELS]) {
    listen(name, (message) => {
      counts.set(name, (counts.get(name) ?? 0) + 1);
      note(message);
    });
  }
  for (const method of ["log", "info", "warn", "error", "debug", "trace"] as const) {
    const spy = vi.spyOn(console, method).mockImplementation((...args) => note(args));
    onTestFinished(() => spy.mockRestore());
  }
  const emitWarning = vi.spyOn(process, "emitWarning").mockImplementation((warning) => note(warning));
  onTestFinished(() => emitWarning.mockRestore());
  return { seen, note, counts };
}

it("no secret appears in errors, events, inspect, JSON, stats, logs or lru-cache's channels", async () => {
  const { seen, note, counts } = createWitness();
  const { aws, clock, resolver } = await setUpLocal({
    roles: [ROLE, OTHER_ROLE].map((roleArn) => ({ roleArn, trustedPrincipals: ["*"] })),
    resolver: { maxSessions: 3, maxClients: 2 },
  });
  const own = aws.issueUserKeys({ userArn: "arn:aws:iam::123456789012:user/engine" });
  const session = aws.issueSession({ roleArn: OTHER_ROLE }) as Required<ReturnType<typeof aws.issueSession>>;
  const instance = { roleArn: ROLE, region: "eu-central-1", externalId: "external-id-that-stays" };
  const secretRecords: string[] = [];
  const attempt = async (work: () => unknown) => {
    try {
      note(await work());
    } catch (error) {
      note(error);
    }
  };
  const underFault = async (fault: Fault, work: () => unknown) => {
    const { clear } = aws.fault(fault);
    const done = attempt(work);
    for (let step = 0; step < 15; step++) await clock.advance(SECOND);
    await done;
    clear();
  };

  // successful calls
  await attempt(() => resolver.resolve(instance));
  await attempt(() => resolver.resolve({ region: "eu-central-1" }));
  await attempt(() => resolver.verify(instance));
  await attempt(() => resolver.resolve({ ...instance, credentials: own }));
  await attempt(() => resolver.resolve({ region: "eu-west-1", credentials: session }));
  await attempt(() => resolver.resolve({ ...instance, roleSessionDuration: 7200 }));
  await attempt(() => Promise.all([1, 2, 3].map(() => resolver.resolve({ ...instance, roleArn: OTHER_ROLE }))));
  const ec2 = resolver.getClientForCommand(EC2Client, instance);
  await attempt(() => ec2.send(new DescribeInstancesCommand({})));
  await attempt(() => resolver.invalidate(instance));

  // failures: of STS, with responses that contain credentials, and of IMDS
  const sts = { target: "sts", operation: "AssumeRole" } as const;
  const imds = { target: "imds", operation: "credentials" } as const;
  const quoting = {
    status: 403,
    code: "SignatureDoesNotMatch",
    message: `x-amz-security-token:${session.sessionToken}`,
  };
  const fresh = () => resolver.resolve(instance, {}, { forceRefresh: true });
  for (const on of [sts, imds]) {
    const work = on === sts ? fresh : () => resolver.resolve({ region: "eu-central-1" }, {}, { forceRefresh: true });
    await underFault({ on, kind: "truncated" }, work);
    await underFault({ on, kind: "reset-midway" }, work);
    await underFault(
      { on, kind: "body", contentType: "text/plain", body: `{"SecretAccessKey":"${own.secretAccessKey}` },
      work,
    );
    await underFault({ on, kind: "patch-credentials", patch: ({ AccessKeyId: _, ...rest }) => rest }, work);
    await underFault({ on, kind: "patch-credentials", patch: (fields) => ({ ...fields, Expiration: "never" }) }, work);
    await underFault({ on, status: 503 }, work);
    await underFault({ on, ...quoting }, work);
  }
  await underFault({ on: sts, status: 403, code: "AccessDenied" }, fresh);
  await attempt(() => resolver.resolve({ ...instance, roleArn: "arn:aws:iam::123456789012:role/None" }));
  await underFault({ on: { target: "service" }, status: 400, code: "ExpiredToken" }, () =>
    resolver.resolve(instance).then(() => undefined),
  );

  // a proxy with a password: successes, denials, invalid settings
  const password = "proxy-password-that-stays";
  const basic = Buffer.from(`engine:${password}`).toString("base64");
  for (const answer of [200, 407]) {
    const { url } = await startConnectProxy({ answer });
    const network = { proxy: url.replace("//", `//engine:${password}@`), connectionTimeout: 5000, maxAttempts: 1 };
    await attempt(() => resolver.resolve({ ...instance, network }, {}, { forceRefresh: true }));
    const behind = resolver.getClientForCommand(EC2Client, { ...instance, network });
    note([behind, behind.config.requestHandler]);
    await attempt(() => behind.send(new DescribeInstancesCommand({})));
  }
  await attempt(() => resolver.resolve({ ...instance, network: { proxy: `ftp://engine:${password}@proxy` } }));
  const params = { defaultRegion: "eu-central-1", proxy: true, access_key: own.accessKeyId };
  await attempt(() => instanceFromParams({ ...params, secret_key: `${own.secretAccessKey}@@@` }));
  await attempt(() => instanceFromParams(params, { HTTPS_PROXY: `ftp://engine:${password}@proxy` }));

  // invalid settings
  const wrong: unknown[] = [
    { credentials: { ...own, accessKeyId: own.secretAccessKey } },
    { credentials: { ...own, secretAccessKey: `${own.secretAccessKey} ` } },
    { credentials: { ...session, sessionToken: 7 } },
    { credentials: own.secretAccessKey },
    { credentials: [own] },
    { ...instance, externalId: "external-id-that-stays!!" },
  ];
  for (const settings of wrong) await attempt(() => resolver.resolve(settings as IntegrationInstance));

  // a role that is not allowed, and one that is requested with changing base identities
  await attempt(() => resolver.resolve({ ...instance, allowedRoles: [OTHER_ROLE] }));
  for (let request = 0; request < 10; request++) {
    await attempt(() => resolver.resolve({ ...instance, credentials: async () => own }));
  }
  await attempt(() => resolver.resolve({ credentials: async () => Promise.reject(new Error(own.secretAccessKey)) }));

  // a store that fails with errors that contain everything it has
  for (const encryptionKeys of [undefined, [createSecretKey(randomBytes(32))]]) {
    const records: string[] = [];
    const quote = async (_key: string, record?: string) => {
      if (record !== undefined) records.push(record);
      throw Object.assign(new Error(records.join()), { records });
    };
    const get = async () => records.at(-1)?.slice(1);
    const store = { scope: "engines", encryptionKeys, get, set: quote, delete: quote };
    const sharing = createCredentialResolver({ runtime: clock, store });
    await attempt(() => sharing.resolve(instance));
    expect(records).toHaveLength(1);
    secretRecords.push(...records, ...(encryptionKeys ?? []).map((key) => key.export().toString("base64")));
    await attempt(() => sharing.invalidate(instance));
    note(sharing.stats());
    await sharing.close();
  }

  // the objects themselves
  await clock.advance(HOUR - MINUTE);
  note(resolver.stats());
  note(resolver);
  note(createCredentialResolver);
  note(resolver.provider({ ...instance, credentials: own }));

  const secrets = [
    ...aws.secrets(),
    ...secretRecords,
    own.secretAccessKey,
    session.secretAccessKey,
    session.sessionToken,
    "external-id-that-stays",
    password,
    basic,
  ];
  expect(secrets.length).toBeGreaterThan(30);
  expect([...counts.keys()].filter((name) => name.startsWith("aws-rolecall:")).length).toBe(EVENT_NAMES.length);
  expect([...counts.keys()].some((name) => name.includes("lru-cache"))).toBe(true);
  const everything = seen.join("\n");
  expect(everything.length).toBeGreaterThan(100_000);
  for (const secret of new Set(secrets))
    expect(everything.includes(secret), `a secret of ${secret.length} characters`).toBe(false);
});
