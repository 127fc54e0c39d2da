import { byKey } from "../lib/by-key.js";
import { memoizedProvider } from "../lib/memoized-provider.js";

export default {
  name: "memoized",
  label: "fromTemporaryCredentials memoized",
  description: "one memoized `fromTemporaryCredentials` provider per role, a new client for each command",
  async create() {
    const providerOf = byKey(memoizedProvider);
    return {
      client: (Client, { roleArn, region }) => new Client({ region, credentials: providerOf(roleArn) }),
      close() {},
    };
  },
};
