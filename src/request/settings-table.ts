import { readSettings } from "./validation.js";

/** A setting that is set. */
export interface Chosen<T> {
  readonly value: T;
  /** The path of the setting, such as `command.roleArn`; an environment variable's name; or `default`. */
  readonly from: string;
}

/**
 * Reads one setting.
 * @param field what an error calls it
 * @param above the settings that stand above it in its table, already read
 */
type SettingReader = (field: string, value: unknown, above: Readonly<Record<string, unknown>>) => unknown;

/** The settings of one owner by name, each with its reader, in the order in which they are read. */
export type SettingsTable<Name extends PropertyKey = string> = { readonly [N in Name]: SettingReader };

export type ReadByTable<Table extends SettingsTable> = { readonly [N in keyof Table]: ReturnType<Table[N]> };

/**
 * Reads each setting once. A setting that is not given is read as `undefined`.
 * @throws RolecallError `INVALID_REQUEST` for a key that the table lacks, or from a reader
 */
export function readByTable<Table extends SettingsTable>(
  owner: string,
  value: unknown,
  table: Table,
): ReadByTable<Table> {
  const given = readSettings(owner, value, Object.keys(table));
  const read: Record<string, unknown> = Object.create(null);
  for (const [name, readOne] of Object.entries(table)) read[name] = readOne(`${owner}.${name}`, given[name], read);
  return read as ReadByTable<Table>;
}
