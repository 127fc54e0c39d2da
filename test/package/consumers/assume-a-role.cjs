/** Runs one command with an injected STS client, which works with every build. */
module.exports = async function assumeARole({ createCredentialResolver, isRolecallError }) {
  const asked = [];
  const resolver = createCredentialResolver({
    stsClient: {
      async send(command) {
        asked.push(command.input.RoleArn);
        return {
          Credentials: {
            AccessKeyId: "ASIAEXAMPLEEXAMPLE00",
            SecretAccessKey: "example-secret",
            SessionToken: "example-token",
            Expiration: new Date(Date.now() + 3_600_000),
          },
          AssumedRoleUser: {
            Arn: `arn:aws:sts::123456789012:assumed-role/Auditor/${command.input.RoleSessionName}`,
            AssumedRoleId: "AROAEXAMPLEEXAMPLE00:session",
          },
        };
      },
    },
  });
  const instance = { roleArn: "arn:aws:iam::123456789012:role/Auditor", region: "eu-west-1" };
  const credentials = await resolver.resolve(instance);
  await resolver.resolve(instance);
  const refused = await resolver.resolve(instance, { role_arn: "x" }).catch((error) => error);
  await resolver.close();
  return {
    accessKeyId: credentials.accessKeyId,
    asked,
    refused: isRolecallError(refused) ? refused.code : String(refused),
  };
};
