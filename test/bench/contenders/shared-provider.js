import { fromTemporaryCredentials } from "@aws-sdk/credential-providers";
import { byKey } from "../lib/by-key.js";

export default {
  name: "shared-provider",
  label: "fromTemporaryCredentials shared",
  description: "one `fromTemporaryCredentials` provider per role, a new client for each command",
  async create() {
    const providerOf = byKey((RoleArn) =>
      fromTemporaryCredentials({ params: { RoleArn, RoleSessionName: "benchmark" } }),
    );
    return {
      client: (Client, { roleArn, region }) => new Client({ region, credentials: providerOf(roleArn) }),
      close() {},
    };
  },
};
