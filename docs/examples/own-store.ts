import type { KeyObject } from "node:crypto";
import type { CredentialStore } from "aws-rolecall";

/** What the store needs from a database: one table with a string key. */
export interface SessionTable {
  find(key: string): Promise<{ record: string; expires: number } | undefined>;
  put(key: string, row: { record: string; expires: number }): Promise<void>;
  /** With `record`, removes the row only if it still holds that record. Use one statement, not two. */
  remove(key: string, record?: string): Promise<void>;
}

/** Stores sessions in a table. Without locks, each process may call STS. Add locks if your database supports them. */
export function tableStore(table: SessionTable, scope: string, encryptionKeys: KeyObject[]): CredentialStore {
  return {
    scope,
    encryptionKeys,
    async get(key) {
      const row = await table.find(key);
      return row && row.expires > Date.now() ? row.record : undefined;
    },
    set: (key, record, ttl) => table.put(key, { record, expires: Date.now() + ttl }),
    delete: (key, record) => table.remove(key, record),
  };
}
