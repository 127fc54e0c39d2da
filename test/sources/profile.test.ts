import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { createManualClock } from "../../src/testing/index.js";
import { HOUR, setUpLocal } from "../support/local.js";

const USER = "arn:aws:iam::111122223333:user/developer";
const SECRET = "hush/FEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

async function setUp() {
  const directory = await mkdtemp(join(tmpdir(), "rolecall-profiles-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const config = join(directory, "config");
  const env = {
    AWS_CONFIG_FILE: config,
    AWS_SHARED_CREDENTIALS_FILE: join(directory, "credentials"),
    AWS_REGION: "eu-west-1",
  };
  const clock = createManualClock({ now: Date.now(), env });
  const { aws, resolver } = await setUpLocal({ clock });
  const write = (text: string) => writeFile(config, text);
  const failure = (profile: string) =>
    resolver.resolve({ credentials: { profile } }).then(
      () => expect.unreachable(),
      (error) => error,
    );
  return { aws, clock, resolver, write, failure };
}

const processOf = (set: object, code = 0) =>
  `credential_process = ${process.execPath} -e "console.log(Buffer.from('${Buffer.from(JSON.stringify(set)).toString("base64")}', 'base64').toString()); process.exitCode = ${code}"`;

describe("a profile", () => {
  it("gives the keys in the SDK's files, and nothing else is asked for them", async () => {
    const { aws, resolver, write } = await setUp();
    const { accessKeyId, secretAccessKey } = aws.issueUserKeys({ userArn: USER });
    await write(`[profile work]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`);
    expect((await resolver.verify({ credentials: { profile: "work" } })).arn).toBe(USER);
    expect(aws.count({ target: "imds" })).toBe(0);
  });

  it("gives the keys of a process", async () => {
    const { aws, clock, resolver, write } = await setUp();
    const keys = aws.issueUserKeys({ userArn: USER });
    const set = {
      Version: 1,
      AccessKeyId: keys.accessKeyId,
      SecretAccessKey: keys.secretAccessKey,
      Expiration: new Date(clock.now() + HOUR).toISOString(),
      AccountId: "111122223333",
    };
    await write(`[default]\n${processOf(set)}\n`);
    const session = await resolver.resolve({ credentials: { profile: "default" } });
    expect(session).toMatchObject({ accessKeyId: keys.accessKeyId, accountId: "111122223333" });
  });

  it("is read again when its keys are refused", async () => {
    const { aws, resolver, write } = await setUp();
    const line = ({ accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string }) =>
      `[profile work]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
    await write(line({ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: SECRET }));
    await expect(resolver.verify({ credentials: { profile: "work" } })).rejects.toMatchObject({
      code: "BASE_IDENTITY_REJECTED",
    });
    await write(line(aws.issueUserKeys({ userArn: USER })));
    expect((await resolver.verify({ credentials: { profile: "work" } })).arn).toBe(USER);
  });
});

describe("a profile that gives nothing", () => {
  it.each<[string, string, RegExp]>([
    ["is missing", "", /Could not resolve credentials using profile: \[work\]/],
    [
      "needs a login",
      "[profile work]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Reader\n[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://example.awsapps.com/start\n",
      /aws sso login/,
    ],
    [
      "needs a code",
      "[profile work]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = base\nmfa_serial = 1\n[profile base]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n",
      /requires multi-factor authentication/,
    ],
  ])("because it %s: the error says so", async (_, text, message) => {
    const { aws, failure, write } = await setUp();
    await write(text);
    const error = await failure("work");
    expect(error).toMatchObject({ code: "BASE_IDENTITY_UNAVAILABLE", step: "base-identity" });
    expect(error.message).toMatch(/^Can't use the profile "work"\. /);
    expect(error.message).toMatch(message);
    expect(error.message).toContain("The library never falls back to another identity.");
    expect(aws.requests).toHaveLength(0);
  });

  it("because its process fails: the error shows nothing of what the process prints", async () => {
    const { failure, write } = await setUp();
    await write(`[profile work]\n${processOf({ hush: SECRET }, 1)}\n`);
    const error = await failure("work");
    expect(error.code).toBe("BASE_IDENTITY_UNAVAILABLE");
    expect(inspect(error, { depth: 5, showHidden: true })).not.toContain("hush");
  });
});
