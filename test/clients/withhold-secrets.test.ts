import { Readable } from "node:stream";
import { inspect } from "node:util";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { expect, it } from "vitest";
import { ROLE, setUpLocal } from "../support/local.js";

const hex = (text: string) =>
  Buffer.from(text)
    .toString("hex")
    .replace(/..(?=.)/g, "$& ");

it.each<[string, (token: string) => string]>([
  ["InvalidToken", (token) => `<Message>${token}</Message><Token-0>${token}</Token-0>`],
  [
    "SignatureDoesNotMatch",
    (token) =>
      `<CanonicalRequest>x-amz-security-token:${token}</CanonicalRequest>` +
      `<CanonicalRequestBytes>78 ${hex(token)} 0a</CanonicalRequestBytes>` +
      `<StringToSign>X-Amz-Security-Token=${encodeURIComponent(token)}</StringToSign>`,
  ],
])("S3's %s error does not show the session token that it repeats", async (code, details) => {
  const { resolver } = await setUpLocal();
  const instance = { roleArn: ROLE, region: "eu-central-1" };
  const { sessionToken = "" } = await resolver.resolve(instance);
  const body = `<?xml version="1.0"?><Error><Code>${code}</Code>${details(sessionToken)}</Error>`;
  const headers = { "content-type": "application/xml" };
  const handle = async () => ({ response: { statusCode: 400, headers, body: Readable.from([Buffer.from(body)]) } });
  const clientConfig = { requestHandler: { handle } as never };
  const s3 = resolver.getClientForCommand(S3Client, instance, {}, { clientConfig });
  const error = await s3.send(new ListBucketsCommand({})).catch((thrown) => thrown);
  expect(error).toMatchObject({ name: code });
  const seen = inspect(error) + JSON.stringify(error) + error.stack;
  expect(seen).toContain("[redacted]");
  for (const form of [sessionToken, encodeURIComponent(sessionToken), hex(sessionToken)]) {
    expect(seen).not.toContain(form);
  }
});
