import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EC2Client } from "@aws-sdk/client-ec2";
import { S3Client } from "@aws-sdk/client-s3";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type CredentialResolver, createCredentialResolver, type IntegrationInstance } from "../src/index.js";
import { startLocalAws } from "../src/testing/index.js";
import { assumeRoleCalls, ROLE } from "./support/local.js";
import { wrapResolver } from "./support/wrapped-resolver.js";

const COMMANDS = 1000;
const AT_A_TIME = 100;
const INSTANCE: IntegrationInstance = { roleArn: ROLE, region: "eu-central-1" };

/**
 * The cost of a thousand commands with three client classes, a hundred at a time, each with different arguments. With
 * `byKeys`, the base identity is a user's keys: on a busy machine the metadata service does not respond to a hundred
 * concurrent requests within its one-second timeout.
 */
async function costOf(create: () => CredentialResolver, { byKeys = false, commands = COMMANDS } = {}) {
  const aws = await startLocalAws({ roles: [{ roleArn: ROLE, trustedPrincipals: ["*"] }] });
  const credentials = byKeys ? aws.issueUserKeys({ userArn: "arn:aws:iam::111122223333:user/ann" }) : undefined;
  const instance = { ...INSTANCE, credentials };
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  const resolver = create();
  onTestFinished(async () => {
    await resolver.close();
    await aws.close();
  });
  let clients = 0;
  class Ec2 extends EC2Client {
    made = ++clients;
  }
  class S3 extends S3Client {
    made = ++clients;
  }
  class DynamoDb extends DynamoDBClient {
    made = ++clients;
  }
  const classes = [Ec2, S3, DynamoDb];
  const command = async (number: number) => {
    const Client = classes[number % classes.length] ?? Ec2;
    const client = resolver.getClientForCommand(Client, instance, { limit: number });
    return client.config.credentials();
  };
  for (let done = 0; done < commands; done += AT_A_TIME) {
    await Promise.all(Array.from({ length: AT_A_TIME }, (_, index) => command(done + index)));
  }
  return {
    assumeRole: assumeRoleCalls(aws),
    imds: aws.count({ target: "imds" }),
    clients,
    sockets: aws.sockets.aws.total + aws.sockets.imds.total,
  };
}

/** The metadata service gets requests for a token, the role name and the keys. Each service gets one connection. */
const BUDGET = { assumeRole: 1, imds: 3, clients: 3, sockets: 2 };

interface CostlyBug {
  create(): CredentialResolver;
  readonly raises: keyof typeof BUDGET;
}

const BUGS: Record<string, CostlyBug> = {
  "the client pool": {
    create() {
      const resolver = createCredentialResolver();
      return wrapResolver(resolver, {
        getClientForCommand: (Client, instance, command) =>
          resolver.getClientForCommand(Client, instance, command, { fresh: true }),
      });
    },
    raises: "clients",
  },
  "the single flight": {
    create: () =>
      wrapResolver(createCredentialResolver(), {
        getClientForCommand(...asked) {
          const alone = createCredentialResolver();
          onTestFinished(() => alone.close());
          return alone.getClientForCommand(...asked);
        },
      }),
    raises: "assumeRole",
  },
};

describe(`${COMMANDS} commands, three client classes, ${AT_A_TIME} at a time`, () => {
  it("cost one AssumeRole, three requests for instance metadata and one client for each class", async () => {
    expect(await costOf(createCredentialResolver)).toEqual(BUDGET);
  });
});

it.each(Object.entries(BUGS))(`${AT_A_TIME} commands at once cost more without %s`, async (_, bug) => {
  const cost = await costOf(bug.create, { byKeys: true, commands: AT_A_TIME });
  expect(cost[bug.raises]).toBeGreaterThanOrEqual(AT_A_TIME);
});
