import assert from "node:assert";
import { Console } from "node:console";
import { Writable } from "node:stream";
import { inspect } from "node:util";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { KinesisClient, ListStreamsCommand } from "@aws-sdk/client-kinesis";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { SignatureV4 } from "@smithy/signature-v4";
import { describe, expect, it } from "vitest";
import { redacted, type SessionCredentials } from "../../src/session/session-credentials.js";
import { setUpLocal } from "../support/local.js";

const SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const TOKEN = "IQoJb3JpZ2luX2VjEXAMPLETOKEN";
const EXPIRATION = new Date("2030-01-01T00:00:00Z");
const SHOWN = {
  accessKeyId: "ASIAIOSFODNN7EXAMPLE",
  expiration: EXPIRATION,
  accountId: "123456789012",
  assumedRoleArn: "arn:aws:sts::123456789012:assumed-role/Inventory/x",
};
const session = redacted({ ...SHOWN, secretAccessKey: SECRET, sessionToken: TOKEN });

describe("a session's secrets", () => {
  it("can be read, by name and by destructuring", () => {
    const { accessKeyId, secretAccessKey, sessionToken } = session;
    expect([accessKeyId, secretAccessKey, sessionToken]).toEqual([SHOWN.accessKeyId, SECRET, TOKEN]);
    expect("secretAccessKey" in session && "sessionToken" in session).toBe(true);
    expect(redacted(session)).not.toBe(session);
    expect(redacted(session).secretAccessKey).toBe(SECRET);
  });

  it("are not copied with the object's other properties", () => {
    expect({ ...session }).toEqual(SHOWN);
    expect(Object.assign({}, session)).toEqual(SHOWN);
    expect(structuredClone(session)).toEqual(SHOWN);
    expect(Object.fromEntries(Object.entries(session))).toEqual(SHOWN);
    const names: string[] = [];
    for (const name in session) names.push(name);
    expect(names).toEqual(Object.keys(SHOWN));
  });

  it("are not printed by logs, consoles and assertions", () => {
    const printed: string[] = [JSON.stringify(session), String(session), `${inspect(session, { showHidden: true })}`];
    const stream = new Writable({
      write(chunk, _, done) {
        printed.push(String(chunk));
        done();
      },
    });
    const console = new Console(stream);
    console.log(session);
    console.log("%o %O %j", session, session, session);
    console.dir(session, { showHidden: true, depth: 9 });
    console.table(session);
    console.table([session]);
    printed.push(inspect(session, { customInspect: false, showHidden: true, depth: 9 }));
    printed.push(inspect({ deep: [{ session }] }, { depth: 9, customInspect: false }));
    // like loggers that merge their arguments
    printed.push(JSON.stringify({ level: "info", ...session }), JSON.stringify(Object.assign({ level: 30 }, session)));
    for (const act of [
      () => assert.deepStrictEqual(session, {}),
      () => assert.strictEqual(session, {}),
      () => expect(session).toEqual({}),
      () => expect(session).toStrictEqual({ accessKeyId: "other" }),
      () => expect([session]).toContain(5),
    ]) {
      try {
        act();
      } catch (error) {
        printed.push(inspect(error, { depth: 9, showHidden: true, customInspect: false }), String(error));
      }
    }
    expect(printed.length).toBeGreaterThan(20);
    expect(printed.join("\n")).not.toMatch(new RegExp(`${SECRET}|${TOKEN}`));
    expect(printed.join("\n")).toContain(SHOWN.accessKeyId);
  });

  it("cannot be changed, and a missing value is not a property", () => {
    const writable = session as { -readonly [K in keyof SessionCredentials]: SessionCredentials[K] };
    for (const key of ["accessKeyId", "secretAccessKey", "sessionToken", "expiration", "accountId"] as const) {
      expect(() => {
        Object.assign(writable, { [key]: "other" });
      }, key).toThrow(TypeError);
    }
    expect(() => Object.defineProperty(session, "secretAccessKey", { value: "other" })).toThrow(TypeError);
    const keys = redacted({ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: SECRET });
    expect(Object.keys(keys)).toEqual(["accessKeyId"]);
    expect(keys.sessionToken).toBeUndefined();
    expect(JSON.parse(JSON.stringify(keys))).toEqual({
      accessKeyId: "AKIAIOSFODNN7EXAMPLE",
      secretAccessKey: "[redacted]",
    });
  });

  it("are not taken from Object.prototype", () => {
    Object.assign(Object.prototype, { sessionToken: "evil" });
    try {
      expect(redacted({ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: SECRET }).sessionToken).toBeUndefined();
    } finally {
      Reflect.deleteProperty(Object.prototype, "sessionToken");
    }
  });
});

describe("the SDK signs with a session", () => {
  const region = "eu-central-1";
  const sends: [string, (credentials: SessionCredentials) => Promise<unknown>][] = [
    ["EC2", (credentials) => new EC2Client({ region, credentials }).send(new DescribeInstancesCommand({}))],
    ["S3", (credentials) => new S3Client({ region, credentials }).send(new ListBucketsCommand({}))],
    ["DynamoDB", (credentials) => new DynamoDBClient({ region, credentials }).send(new ListTablesCommand({}))],
    ["STS", (credentials) => new STSClient({ region, credentials }).send(new GetCallerIdentityCommand({}))],
  ];

  it.each(sends)("%s: passed as an object, a function and a provider", async (_, send) => {
    const { aws, resolver } = await setUpLocal();
    const instance = { roleArn: "arn:aws:iam::123456789012:role/integrations/Inventory", region };
    const own = await resolver.resolve(instance);
    for (const credentials of [own, async () => own, resolver.provider(instance)]) {
      const before = aws.requests.length;
      await send(credentials as SessionCredentials).catch((error) => {
        // The simulated service's response is not valid for every service, but it has accepted the signature.
        if (error.$metadata?.httpStatusCode !== 200) throw error;
      });
      const request = aws.requests.slice(before).at(-1);
      expect(JSON.stringify(request)).toContain(own.accessKeyId);
    }
  });

  it("Kinesis and the signer itself use the secret and the token", async () => {
    const client = new KinesisClient({ region, credentials: session });
    const identity = await client.config.credentials();
    expect([identity.secretAccessKey, identity.sessionToken]).toEqual([SECRET, TOKEN]);
    expect(new ListStreamsCommand({})).toBeDefined();
    const sign = async (credentials: object) => {
      const request = { method: "GET", protocol: "https:", hostname: "x.example", path: "/", headers: {}, query: {} };
      const { createHash, createHmac } = await import("node:crypto");
      const sha256 = class {
        readonly #hash;
        constructor(secret?: string | Uint8Array) {
          this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret);
        }
        update(data: Uint8Array) {
          this.#hash.update(data);
        }
        async digest() {
          return this.#hash.digest();
        }
      };
      const signer = new SignatureV4({
        service: "s3",
        region,
        credentials: credentials as never,
        sha256: sha256 as never,
      });
      return signer.presign(request as never, { signingDate: new Date(0) });
    };
    const plain = { accessKeyId: SHOWN.accessKeyId, secretAccessKey: SECRET, sessionToken: TOKEN };
    expect((await sign(session)).query).toEqual((await sign(plain)).query);
  });
});
