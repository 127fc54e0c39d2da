import { describe, expect, it } from "vitest";
import { SharedHandlers } from "../../src/clients/shared-handlers.js";
import type { StsTarget } from "../../src/request/chain.js";
import { Flight } from "../../src/session/flight.js";
import { readCallerIdentity } from "../../src/sources/caller-identity.js";
import { StsCalls } from "../../src/sources/sts-calls.js";
import { StsClients } from "../../src/sources/sts-clients.js";
import { createManualClock } from "../../src/testing/index.js";
import { ACCOUNT, ROLE } from "../support/local.js";
import { unsignedCaller } from "../support/unsigned-caller.js";

const TARGET: StsTarget = {
  region: "eu-central-1",
  endpoint: undefined,
  useFipsEndpoint: undefined,
  useDualstackEndpoint: undefined,
  partition: "aws",
  network: undefined,
  trust: undefined,
  plainHttp: undefined,
};
const CALLER = unsignedCaller({ step: "assume-role", roleArn: ROLE });
const SESSION = {
  Account: ACCOUNT,
  Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Inventory/session`,
  UserId: "AROAEXAMPLE:session",
};

/** What is read of an STS that answers so. */
function read(answer: unknown) {
  const sent: object[] = [];
  const stsClient = {
    send: async (command: object) => {
      sent.push(command);
      return answer;
    },
  };
  const calls = new StsCalls({
    runtime: createManualClock(),
    settings: { maxConcurrent: 1, attempts: 1, attemptTimeout: 3000, timeout: 10_000 },
    clients: new StsClients({
      stsClient,
      requestHandler: undefined,
      handlers: new SharedHandlers({}),
      machine: { region: async () => "eu-central-1" },
    }),
  });
  return { identity: readCallerIdentity(calls, CALLER, TARGET, ROLE, new Flight().raise()), sent };
}

it("a caller's identity is asked for by one GetCallerIdentity without parameters", async () => {
  const { identity, sent } = read(SESSION);
  expect(await identity).toEqual({ accountId: ACCOUNT, arn: SESSION.Arn, userId: SESSION.UserId });
  expect(sent.map((command) => [command.constructor.name, (command as { input?: unknown }).input])).toEqual([
    ["GetCallerIdentityCommand", {}],
  ]);
});

it.each([
  ["a user", { ...SESSION, Arn: `arn:aws:iam::${ACCOUNT}:user/path/ann`, UserId: "AIDAEXAMPLE" }],
  ["the account itself", { ...SESSION, Arn: `arn:aws:iam::${ACCOUNT}:root`, UserId: ACCOUNT }],
  ["a role in another partition", { ...SESSION, Arn: `arn:aws-us-gov:sts::${ACCOUNT}:assumed-role/A/b` }],
])("a caller's identity can be that of %s", async (_, answer) => {
  expect(await read(answer).identity).toMatchObject({ arn: answer.Arn });
});

describe("a caller's identity is refused, because reports print it,", () => {
  it.each<[string, unknown]>([
    ["if there is none", undefined],
    ["if it is empty", {}],
    ["with an account of 11 digits", { ...SESSION, Account: ACCOUNT.slice(1) }],
    ["with an account that is a number", { ...SESSION, Account: 123_456_789_012 }],
    ["with an ARN of another service", { ...SESSION, Arn: `arn:aws:s3::${ACCOUNT}:bucket` }],
    ["with an ARN that controls a terminal", { ...SESSION, Arn: `${SESSION.Arn}\u001b[2J` }],
    ["with an ARN that adds a line", { ...SESSION, Arn: `${SESSION.Arn}\nroot` }],
    ["with a user id of 257 characters", { ...SESSION, UserId: "A".repeat(257) }],
    ["if a mock's getter throws", Object.defineProperty({}, "Account", { get: () => expect.fail("hostile") })],
  ])("%s", async (_, answer) => {
    await expect(read(answer).identity).rejects.toMatchObject({
      code: "STS_UNAVAILABLE",
      step: "assume-role",
      roleArn: ROLE,
      message: expect.stringContaining("the response contains no valid identity"),
    });
  });
});
