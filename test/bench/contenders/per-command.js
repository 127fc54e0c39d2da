import { fromTemporaryCredentials } from "@aws-sdk/credential-providers";

export default {
  name: "per-command",
  label: "fromTemporaryCredentials per command",
  description: "a new client with a new `fromTemporaryCredentials` provider for each command",
  async create() {
    return {
      client: (Client, { roleArn, region }) =>
        new Client({
          region,
          credentials: fromTemporaryCredentials({ params: { RoleArn: roleArn, RoleSessionName: "benchmark" } }),
        }),
      close() {},
    };
  },
};
