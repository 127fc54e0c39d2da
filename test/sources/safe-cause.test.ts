import { inspect } from "node:util";
import { expect, it } from "vitest";
import { safeCause } from "../../src/sources/safe-cause.js";

const SECRET = "wJalrXUtnFEMI-K7MDENG";

it.each<[string, unknown]>([
  ["a parser's error, which quotes the text", new SyntaxError(`Unexpected token in "${SECRET}"`)],
  [
    "an HTTP parser's error with its raw packet",
    Object.assign(new Error("Parse Error"), {
      code: "HPE_INVALID_CONSTANT",
      rawPacket: Buffer.from(SECRET),
      reason: SECRET,
    }),
  ],
  [
    "an SDK error with the response hidden in it",
    Object.defineProperty(Object.assign(new Error("Deserialization error"), { name: "Error" }), "$responseBodyText", {
      value: SECRET,
    }),
  ],
  [
    "a signature error, which quotes the request",
    Object.assign(new Error(`canonical string ${SECRET}`), {
      name: "SignatureDoesNotMatch",
      $fault: "client",
      $metadata: {},
    }),
  ],
  [
    "a failed credential_process, whose command line and stderr the provider quotes",
    Object.assign(new Error(`Command failed: vault --token ${SECRET}\nstderr: ${SECRET}`), {
      name: "CredentialsProviderError",
    }),
  ],
  [
    "an error from Node, which quotes the rejected argument",
    Object.assign(new TypeError(`The argument must be without null bytes. Received '${SECRET}'`), {
      code: "ERR_INVALID_ARG_VALUE",
    }),
  ],
  [
    "a database's error, which quotes the row",
    Object.assign(new Error(`Duplicate entry '${SECRET}' for key 'sessions.key'`), { code: "ER_DUP_ENTRY" }),
  ],
  ["an error whose code only looks like the system's", Object.assign(new Error(SECRET), { code: "EVALUE" })],
  ["an error with a cause", new Error("outer", { cause: new Error(SECRET) })],
  ["a value that is not an error", SECRET],
])("removes the secret in %s", (_, error) => {
  const cause = safeCause(error);
  expect(cause).toBeInstanceOf(Error);
  expect(inspect(cause, { showHidden: true, depth: 10 })).not.toContain(SECRET);
  expect(String(cause.stack)).not.toContain(SECRET);
});

it.each(["ECONNREFUSED", "EAI_AGAIN", "ENOTFOUND", "EPROTO", "EPROXY", "ERR_TLS_CERT_ALTNAME_INVALID"])(
  "keeps the code and the message of %s",
  (code) => {
    expect(safeCause(Object.assign(new Error("what the system says"), { code }))).toMatchObject({
      message: "what the system says",
      code,
    });
  },
);

it("keeps the safe parts: a system error's code and message, a service's name, message, status and request id", () => {
  const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" });
  expect(safeCause(refused)).toMatchObject({ message: "connect ECONNREFUSED 127.0.0.1:1", code: "ECONNREFUSED" });
  const denied = Object.assign(new Error("not authorized"), {
    name: "AccessDenied",
    $fault: "client",
    $metadata: { httpStatusCode: 403, requestId: "r-1", extendedRequestId: "dropped" },
  });
  expect(safeCause(denied)).toMatchObject({
    name: "AccessDenied",
    message: "not authorized",
    $metadata: { httpStatusCode: 403, requestId: "r-1" },
  });
});
