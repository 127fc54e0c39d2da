import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { beforeEach, expect, test } from "@jest/globals";
import { getClientForCommand, setDefaultResolver } from "aws-rolecall";
import { createManualClock } from "aws-rolecall/testing";
import { mockClient } from "aws-sdk-client-mock";

const instance = { roleArn: "arn:aws:iam::123456789012:role/Auditor", region: "eu-west-1" };
const sts = mockClient(STSClient);

beforeEach(() => {
  sts.reset();
  setDefaultResolver(undefined);
});

test("a mocked STSClient serves the default resolver", async () => {
  sts.on(AssumeRoleCommand).resolves({
    Credentials: {
      AccessKeyId: "ASIAEXAMPLEEXAMPLE00",
      SecretAccessKey: "example-secret",
      SessionToken: "example-token",
      Expiration: new Date(Date.now() + 3_600_000),
    },
  });

  const client: DynamoDBClient = getClientForCommand(DynamoDBClient, instance);

  expect((await client.config.credentials()).accessKeyId).toBe("ASIAEXAMPLEEXAMPLE00");
});

test("the types of a subpath", () => {
  const time: number = createManualClock({ now: 5 }).now();
  expect(time).toBe(5);
});
