import { createProfiles } from "../lib/profiles.js";

export default {
  name: "default-chain",
  label: "default chain with a profile",
  description:
    "one default provider chain per role, each with a profile that assumes it, a new client for each command",
  async create({ roleArns }) {
    const { providerOf, close } = await createProfiles(roleArns);
    return {
      client: (Client, { roleArn, region }) => new Client({ region, credentials: providerOf(roleArn) }),
      close,
    };
  },
};
