/** The integration instance under test, and what STS returns for its role. */
exports.instance = { roleArn: "arn:aws:iam::123456789012:role/Auditor", region: "eu-west-1" };

exports.answerFor = (input) => ({
  Credentials: {
    AccessKeyId: "ASIAEXAMPLEEXAMPLE00",
    SecretAccessKey: "example-secret",
    SessionToken: "example-token",
    Expiration: new Date(Date.now() + 3_600_000),
  },
  AssumedRoleUser: {
    Arn: `arn:aws:sts::123456789012:assumed-role/Auditor/${input.RoleSessionName}`,
    AssumedRoleId: `AROAEXAMPLEEXAMPLE00:${input.RoleSessionName}`,
  },
});
