import { expect, it } from "vitest";
import { roleIdentityOnly } from "../../src/clients/role-identity-only.js";

const contextOf = (schemeId: string) => ({
  __smithy_context: { selectedHttpAuthScheme: { httpAuthOption: { schemeId } } },
});

it.each(["aws.auth#sigv4", "aws.auth#sigv4a", "com.amazonaws.s3#sigv4express", "smithy.api#noAuth"])(
  "lets %s pass",
  async (schemeId) => {
    await expect(roleIdentityOnly(async () => "sent", contextOf(schemeId))({ input: {} })).resolves.toBe("sent");
  },
);

it.each(["smithy.api#httpBearerAuth", "smithy.api#httpApiKeyAuth"])(
  "refuses %s, which is not the role, before the request is sent",
  async (schemeId) => {
    let sent = false;
    const send = async () => {
      sent = true;
    };
    await expect(roleIdentityOnly(send, contextOf(schemeId))({ input: {} })).rejects.toMatchObject({
      code: "INVALID_REQUEST",
      message: expect.stringContaining(schemeId),
    });
    expect(sent).toBe(false);
  },
);
