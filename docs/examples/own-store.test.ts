import { createSecretKey, randomBytes } from "node:crypto";
import { storeContract } from "aws-rolecall/testing";
import { describe, it } from "vitest";
import { type SessionTable, tableStore } from "./own-store.js";

const rows = new Map<string, { record: string; expires: number }>();
const table: SessionTable = {
  find: async (key) => rows.get(key),
  async put(key, row) {
    rows.set(key, row);
  },
  async remove(key, record) {
    if (record === undefined || rows.get(key)?.record === record) rows.delete(key);
  },
};
const encryptionKeys = [createSecretKey(randomBytes(32))];

describe("the store in a table", () => {
  const open = () => tableStore(table, "engines", encryptionKeys);
  for (const { name, run } of storeContract({ open, locks: false })) it(name, run);
});
