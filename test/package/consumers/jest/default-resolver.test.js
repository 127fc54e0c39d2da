const { mockClient } = require("aws-sdk-client-mock");
const { AssumeRoleCommand, STSClient } = require("@aws-sdk/client-sts");
const { EC2Client } = require("@aws-sdk/client-ec2");
const { getClientForCommand, setDefaultResolver } = require("aws-rolecall");
const { answerFor, instance } = require("./auditor.js");

const sts = mockClient(STSClient);

beforeEach(() => {
  sts.reset();
  setDefaultResolver(undefined);
});

test("a mocked STSClient serves the default resolver", async () => {
  sts.on(AssumeRoleCommand).callsFake(answerFor);

  const ec2 = getClientForCommand(EC2Client, instance, { roleSessionName: "nightly" });

  await expect(ec2.config.credentials()).resolves.toMatchObject({ accessKeyId: "ASIAEXAMPLEEXAMPLE00" });
  expect(sts.commandCalls(AssumeRoleCommand)).toHaveLength(1);
  expect(sts.commandCalls(AssumeRoleCommand)[0].args[0].input).toMatchObject({
    RoleArn: instance.roleArn,
    RoleSessionName: "nightly",
  });
});

test("a denied role is a typed error", async () => {
  sts.on(AssumeRoleCommand).rejects(Object.assign(new Error("not authorized"), { name: "AccessDenied" }));

  const ec2 = getClientForCommand(EC2Client, instance);

  await expect(ec2.config.credentials()).rejects.toMatchObject({ code: "ASSUME_ROLE_DENIED", step: "assume-role" });
});

test("a role that is not allowed asks nobody", () => {
  const closed = { ...instance, allowedRoles: [] };

  expect(() => getClientForCommand(EC2Client, closed)).toThrow(expect.objectContaining({ code: "ROLE_NOT_ALLOWED" }));
  expect(sts.calls()).toHaveLength(0);
});
