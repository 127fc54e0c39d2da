import { byKey } from "../lib/by-key.js";
import { createProfiles } from "../lib/profiles.js";

export default {
  name: "default-chain-cached-client",
  label: "default chain, with a client cache by hand",
  description: "one default provider chain per role, and a `Map` of clients by class, role and region",
  async create({ roleArns }) {
    const { providerOf, close } = await createProfiles(roleArns);
    const clientOf = byKey(
      (_key, Client, { roleArn, region }) => new Client({ region, credentials: providerOf(roleArn) }),
    );
    return {
      client: (Client, settings) => clientOf(`${Client.name} ${settings.roleArn} ${settings.region}`, Client, settings),
      close,
    };
  },
};
