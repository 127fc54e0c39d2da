import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { type CredentialStore, createCredentialResolver, type RolecallError } from "../../src/index.js";
import { fileStore } from "../../src/store/file-store.js";
import { type RedisClient, redisStore } from "../../src/store/redis-store.js";
import { createMemoryStore } from "../../src/testing/index.js";
import { newEncryptionKey, newEncryptionKeyText } from "../support/encryption-key.js";

const client: RedisClient = { call: async () => null };

/** Every function that reads encryption keys, whatever its declared type. */
const READERS: [string, string, (keys: unknown) => unknown][] = [
  ["the file store", "options.encryptionKeys", (encryptionKeys) => fileStore({ encryptionKeys } as object)],
  [
    "the Redis store",
    "options.encryptionKeys",
    (encryptionKeys) => redisStore(client, { scope: "fleet", encryptionKeys } as never),
  ],
  [
    "a store of one's own",
    "options.store.encryptionKeys",
    (encryptionKeys) => {
      const store = { ...createMemoryStore(), encryptionKeys } as CredentialStore;
      return createCredentialResolver({ store });
    },
  ],
];

describe.each(READERS)("the encryption keys of %s", (_, field, read) => {
  const secret = newEncryptionKeyText();

  it.each<[string, unknown]>([
    ["a string", secret],
    ["keys separated by commas", `${secret},${secret}`],
    ["an object", { key: secret }],
    ["a Set", new Set([secret])],
    ["a JSON array in a string", JSON.stringify([secret])],
    ["a KeyObject alone", newEncryptionKey()],
    ["bytes", Buffer.from(secret, "base64")],
    ["a number", 4711],
    ["an array in an array", [[secret]]],
    ["an array with an empty slot", Object.assign(new Array(2), { 1: newEncryptionKey() })],
    ["an array with undefined", [undefined]],
    ["a string that is not base64", [`${secret} `]],
  ])("are described but not shown if their shape is wrong: %s", (_shape, value) => {
    let error: unknown;
    try {
      read(value);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: "INVALID_REQUEST" });
    expect((error as RolecallError).field).toMatch(new RegExp(`^${field.replaceAll(".", "\\.")}(\\[\\d\\])?$`));
    const shown = `${inspect(error, { depth: 9 })} ${JSON.stringify(error)}`;
    expect(shown).not.toContain(secret);
    expect(shown).not.toContain("4711");
  });
});
