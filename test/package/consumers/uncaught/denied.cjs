/** STS denies the caller: the error has AWS's error as its cause. */
module.exports = async function denied({ createCredentialResolver }, { startLocalAws }) {
  const aws = await startLocalAws({ roles: [] });
  Object.assign(process.env, aws.env);
  const resolver = createCredentialResolver();
  try {
    await resolver.resolve({ roleArn: "arn:aws:iam::123456789012:role/Auditor", region: "eu-west-1" });
  } finally {
    await aws.close();
  }
};

if (require.main === module) {
  const rolecall = require("../node_modules/aws-rolecall/dist/index.cjs");
  module.exports(rolecall, require("../node_modules/aws-rolecall/dist/testing.cjs"));
}
