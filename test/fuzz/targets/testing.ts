import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { createManualClock, createMemoryStore, startLocalAws, storeContract } from "../../../src/testing/index.js";
import { anyOf, callWith, garbage, listOf, settings, settlingFunction } from "../arbitraries.js";
import { EXTERNAL_ID, ROLE } from "../cast.js";
import { isDeliberate } from "../oracles.js";
import { lab, recipeOf } from "../recipe.js";
import type { Target } from "../target.js";

/** Whether this is the documented "@throws TypeError or RangeError naming the option". */
const namesAnOption = (error: Error) =>
  (error instanceof TypeError || error instanceof RangeError) &&
  isDeliberate(error) &&
  /^[a-z]\w*[\s.([]/.test(error.message);

/** Milliseconds. */
const SHORT_WHILE = 100;

const iamPolicy = fc.constant(
  recipeOf({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Resource: "*" }] }),
);
const arns = listOf(anyOf(ROLE, "*"));
const role = settings(
  {
    roleArn: anyOf(ROLE, "arn:aws:iam::1:role/x"),
    trustPolicy: iamPolicy,
    trustedPrincipals: arns,
    externalId: anyOf(EXTERNAL_ID),
    maxSessionDuration: anyOf(3600, 1),
    policy: iamPolicy,
    allowAssumeRole: arns,
    requiredSourceIdentity: listOf(anyOf("jane")),
    allowTagSession: anyOf(true, false),
    allowSetSourceIdentity: anyOf(true, false),
  },
  { required: ["roleArn"] },
);
const localAwsOptions = settings({
  clock: settings({ now: settlingFunction(anyOf(0)) }, { required: ["now"] }),
  region: anyOf("eu-central-1"),
  instanceProfile: settings({
    roleArn: anyOf(ROLE),
    credentialLifetime: anyOf(3_600_000, 0),
    policy: iamPolicy,
    allowAssumeRole: arns,
  }),
  roles: listOf(role),
  imds: settings({ v1: anyOf(true, false), hopLimitExceeded: anyOf(true, false) }),
  organization: settings(
    {
      accounts: listOf(
        fc.oneof(
          anyOf("123456789012", "1"),
          settings({ id: anyOf("444455556666"), regions: listOf(anyOf("us-east-1")) }),
        ),
      ),
      managementAccountId: anyOf("111122223333", "1"),
      delegatedAdministrators: listOf(anyOf("123456789012")),
      memberRoles: listOf(
        settings({ roleName: anyOf("Audit", "a b"), trustPolicy: iamPolicy }, { required: ["roleName"] }),
      ),
      id: anyOf("o-exampleorgid"),
      stateFields: listOf(anyOf("State", "Status")),
      pageSize: anyOf(1, 0),
      emptyPages: anyOf(0, -1),
    },
    { required: ["accounts"] },
  ),
  recordRequests: fc.oneof(anyOf(true, false), settings({ operation: anyOf("AssumeRole") })),
  disabledRegions: listOf(anyOf("us-east-1")),
  denialContext: anyOf(true, false),
  strictSignatureTime: anyOf(true, false),
  requestContext: settings({
    "aws:SourceIp": anyOf("203.0.113.7"),
    "aws:PrincipalOrgPaths": listOf(anyOf("o-a/r-b/")),
    "aws:PrincipalTag/team": anyOf("blue"),
  }),
});

const clockOptions = settings({
  now: anyOf(0, 1_700_000_000_000),
  random: settlingFunction(anyOf(0.5)),
  env: settings({ AWS_REGION: anyOf("us-east-1") }),
  hostname: anyOf("host"),
});

const storeUnderTest = settings(
  {
    open: fc.oneof(settlingFunction(fc.constant(lab("memory store"))), settlingFunction(garbage)),
    locks: anyOf(true, false),
    wait: settlingFunction(garbage),
  },
  { required: ["open", "wait"] },
);

export const testing: readonly Target[] = [
  {
    name: "startLocalAws",
    input: callWith(localAwsOptions),
    async attempt(_lab, args) {
      await using aws = await startLocalAws(...(args as Parameters<typeof startLocalAws>));
      return Object.keys(aws.env);
    },
    hostilities: ["values"],
    mayThrow: namesAnOption,
  },
  {
    name: "createManualClock",
    input: callWith(clockOptions),
    async attempt(_lab, [options]) {
      const clock = createManualClock(options as object);
      await clock.advance(1000);
      return [clock.monotonic(), typeof clock.now(), clock.pendingTimers];
    },
    hostilities: ["values"],
    mayThrow: namesAnOption,
  },
  {
    name: "createMemoryStore",
    input: callWith(settings({ scope: anyOf("here"), clock: settings({ now: settlingFunction(anyOf(0)) }) })),
    attempt: (_lab, args) => Object.keys(createMemoryStore(...(args as Parameters<typeof createMemoryStore>))),
    hostilities: ["values"],
    mayThrow: namesAnOption,
  },
  {
    name: "storeContract",
    input: callWith(storeUnderTest),
    /**
     * The contract is meant to find cases that reject or wait as long as their store. Only creating them is tested
     * here.
     */
    async attempt(_lab, args) {
      const cases = storeContract(...(args as Parameters<typeof storeContract>));
      await Promise.race([Promise.allSettled(cases.map(({ run }) => run())), delay(SHORT_WHILE)]);
      return cases.map(({ name }) => name);
    },
    hostilities: ["values"],
    mayThrow: namesAnOption,
  },
];
