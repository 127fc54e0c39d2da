import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { expect, it } from "vitest";
import { roleIdentityOnly } from "../../src/clients/role-identity-only.js";
import { ROLE, setUpLocal } from "../support/local.js";

const contextOf = (schemeId: string, identity = {}) => ({
  __smithy_context: { selectedHttpAuthScheme: { httpAuthOption: { schemeId }, identity } },
});
const OWN = "AKIAOWNOWNOWNOWNOWN1";
const ownOnly = roleIdentityOnly((accessKeyId) => accessKeyId === OWN);

it.each(["aws.auth#sigv4", "aws.auth#sigv4a", "com.amazonaws.s3#sigv4express", "smithy.api#noAuth"])(
  "lets %s pass",
  async (schemeId) => {
    await expect(ownOnly(async () => "sent", contextOf(schemeId, { accessKeyId: OWN }))({ input: {} })).resolves.toBe(
      "sent",
    );
  },
);

it.each(["smithy.api#httpBearerAuth", "smithy.api#httpApiKeyAuth"])(
  "refuses %s, which is not the role, before the request is sent",
  async (schemeId) => {
    let sent = false;
    const send = async () => {
      sent = true;
    };
    await expect(ownOnly(send, contextOf(schemeId))({ input: {} })).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringContaining(schemeId),
    });
    expect(sent).toBe(false);
  },
);

const foreign = async () => ({ accessKeyId: "AKIAFOREIGNFOREIGN12", secretAccessKey: "s".repeat(40) });

class OverlooksItsConfiguration extends EC2Client {
  constructor(_config: object) {
    super({ region: "eu-central-1", credentials: foreign });
  }
}
const extension = {
  configure(runtime: { setCredentials?(provider: typeof foreign): void }) {
    runtime.setCredentials?.(foreign);
  },
};

it.each([
  ["an extension sets", EC2Client, { extensions: [extension] as never[] }],
  ["a class sets that overlooks its configuration", OverlooksItsConfiguration as unknown as typeof EC2Client, {}],
])("refuses keys that %s", async (_, Client, clientConfig) => {
  const { aws, resolver } = await setUpLocal();
  const ec2 = resolver.getClientForCommand(Client, { roleArn: ROLE, region: "eu-central-1" }, {}, { clientConfig });
  await expect(ec2.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({
    code: "INVALID_REQUEST",
    message: expect.stringContaining("AKIAFOREIGNFOREIGN12"),
  });
  expect(aws.count({ target: "service" })).toBe(0);
});
