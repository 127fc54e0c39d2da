jest.mock("@aws-sdk/client-sts");
jest.mock("@aws-sdk/client-dynamodb");
const { AssumeRoleCommand, STSClient } = require("@aws-sdk/client-sts");
const { DynamoDBClient } = require("@aws-sdk/client-dynamodb");
const { createCredentialResolver, getClientForCommand, setDefaultResolver } = require("aws-rolecall");
const { answerFor, instance } = require("./auditor.js");

const answer = async () => answerFor({ RoleSessionName: "nightly" });

test("an automatic mock answers as an injected client does", async () => {
  STSClient.prototype.send.mockImplementation(answer);
  const resolver = createCredentialResolver();

  await expect(resolver.resolve(instance)).resolves.toMatchObject({ accessKeyId: "ASIAEXAMPLEEXAMPLE00" });
  expect(AssumeRoleCommand).toHaveBeenCalledWith(expect.objectContaining({ RoleArn: instance.roleArn }));
  await resolver.close();
});

test("one that was told nothing is an error that points to it", async () => {
  STSClient.prototype.send.mockReset();
  const resolver = createCredentialResolver({ assumeRole: { attempts: 1 } });

  await expect(resolver.resolve(instance)).rejects.toMatchObject({
    code: "STS_UNAVAILABLE",
    hint: expect.stringContaining("what the mock returns"),
  });
  await resolver.close();
});

test("an automatic mock of a service is the client", () => {
  setDefaultResolver(undefined);
  const client = getClientForCommand(DynamoDBClient, instance);
  client.send.mockReturnValue("tables");

  expect(client).toBeInstanceOf(DynamoDBClient);
  expect(client.send()).toBe("tables");
});
