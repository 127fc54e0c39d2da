import assert from "node:assert/strict";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { createCredentialResolver, getClientForCommand, setDefaultResolver } from "aws-rolecall";
import { mockClient } from "aws-sdk-client-mock";
import auditor from "../jest/auditor.js";

const { answerFor, instance } = auditor;

/** The mocks in the docs, for any runner: `test` and `beforeEach` are the runner's. */
export function documentedMocks({ test, beforeEach }) {
  const sts = mockClient(STSClient);

  beforeEach(() => {
    sts.reset();
    setDefaultResolver(undefined);
  });

  test("a mocked STSClient serves the default resolver", async () => {
    sts.on(AssumeRoleCommand).callsFake(answerFor);

    const client = getClientForCommand(DynamoDBClient, instance);

    assert.equal((await client.config.credentials()).accessKeyId, "ASIAEXAMPLEEXAMPLE00");
    assert.equal(sts.commandCalls(AssumeRoleCommand).length, 1);
  });

  test("a denied role is a typed error", async () => {
    sts.on(AssumeRoleCommand).rejects(Object.assign(new Error("not authorized"), { name: "AccessDenied" }));

    const client = getClientForCommand(DynamoDBClient, instance);

    await assert.rejects(client.config.credentials(), { code: "ASSUME_ROLE_DENIED" });
  });

  test("an object with send, behind getClientForCommand", async () => {
    const resolver = createCredentialResolver({ stsClient: { send: async ({ input }) => answerFor(input) } });
    setDefaultResolver(resolver);

    const client = getClientForCommand(DynamoDBClient, instance);

    assert.equal((await client.config.credentials()).accountId, "123456789012");
    assert.equal(sts.calls().length, 0);
    await resolver.close();
  });

  test("a mocked client of a service", async () => {
    const dynamodb = mockClient(DynamoDBClient);
    dynamodb.on(ListTablesCommand).resolves({ TableNames: ["Findings"] });

    const answer = await getClientForCommand(DynamoDBClient, instance).send(new ListTablesCommand({}));

    assert.deepEqual(answer.TableNames, ["Findings"]);
    assert.equal(sts.calls().length, 0);
    dynamodb.restore();
  });
}
