const { EC2Client } = require("@aws-sdk/client-ec2");
const { createCredentialResolver, getClientForCommand, setDefaultResolver } = require("aws-rolecall");
const { answerFor, instance } = require("./auditor.js");

let stsClient;
let resolver;

beforeEach(() => {
  stsClient = { send: jest.fn(async (command) => answerFor(command.input)) };
  resolver = createCredentialResolver({ stsClient });
});

afterEach(async () => {
  setDefaultResolver(undefined);
  await resolver.close();
});

test("createCredentialResolver({ stsClient }) asks the injected client", async () => {
  await expect(resolver.resolve(instance)).resolves.toMatchObject({ accessKeyId: "ASIAEXAMPLEEXAMPLE00" });
  await resolver.resolve(instance);

  expect(stsClient.send).toHaveBeenCalledTimes(1);
});

test("setDefaultResolver puts it behind getClientForCommand", async () => {
  setDefaultResolver(resolver);

  const ec2 = getClientForCommand(EC2Client, instance);

  await expect(ec2.config.credentials()).resolves.toMatchObject({ accessKeyId: "ASIAEXAMPLEEXAMPLE00" });
  expect(stsClient.send).toHaveBeenCalledTimes(1);
});
