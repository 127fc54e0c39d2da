import { defineInstance, getClientForCommand } from "aws-rolecall";

export default {
  name: "rolecall-defined",
  label: "aws-rolecall, with defineInstance",
  description: "the same with an instance that `defineInstance` has read once",
  async create() {
    const instance = defineInstance({ region: "eu-central-1" });
    return {
      client: (Client, { roleArn, region }) => getClientForCommand(Client, instance, { roleArn, region }),
      close() {},
    };
  },
};
