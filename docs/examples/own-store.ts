import type { KeyObject } from "node:crypto";
import type { CredentialStore } from "aws-rolecall";

/** What the store needs of a database: one table, with a text as its key. */
export interface SessionTable {
  find(key: string): Promise<{ record: string; expires: number } | undefined>;
  put(key: string, row: { record: string; expires: number }): Promise<void>;
  /** With `record`, removes the row only if it holds that: one statement, and not two. */
  remove(key: string, record?: string): Promise<void>;
}

/** Sessions in a table. Without locks each process may ask STS; add them where the database can. */
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
