import { getClientForCommand } from "aws-rolecall";

export default {
  name: "rolecall",
  label: "aws-rolecall",
  description: "`getClientForCommand(Client, instance, overrides)` with a new overrides object for each command",
  async create() {
    const instance = { region: "eu-central-1" };
    return {
      client: (Client, { roleArn, region }) => getClientForCommand(Client, instance, { roleArn, region }),
      close() {},
    };
  },
};
