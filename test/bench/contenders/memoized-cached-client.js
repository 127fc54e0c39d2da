import { byKey } from "../lib/by-key.js";
import { memoizedProvider } from "../lib/memoized-provider.js";

export default {
  name: "memoized-cached-client",
  label: "memoized, with a client cache by hand",
  description: "one memoized provider per role, and a `Map` of clients by class, role and region",
  async create() {
    const providerOf = byKey(memoizedProvider);
    const clientOf = byKey(
      (_key, Client, { roleArn, region }) => new Client({ region, credentials: providerOf(roleArn) }),
    );
    return {
      client: (Client, settings) => clientOf(`${Client.name} ${settings.roleArn} ${settings.region}`, Client, settings),
      close() {},
    };
  },
};
