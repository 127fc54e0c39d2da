import { readSettings } from "./validation.js";

/** A setting that is set. */
export interface Chosen<T> {
  readonly value: T;
  /** The path of the setting, such as `command.roleArn`; an environment variable's name; or `default`. */
  readonly from: string;
}

/**
 * @param field the name of the setting in errors
 * @param above the values of the settings that precede it in the table
 */
type SettingReader = (field: string, value: unknown, above: Readonly<Record<string, unknown>>) => unknown;

/** Settings with their readers, in the order in which they are read. */
export type SettingsTable<Name extends PropertyKey = string> = { readonly [N in Name]: SettingReader };

export type ReadByTable<Table extends SettingsTable> = { readonly [N in keyof Table]: ReturnType<Table[N]> };

/** Reads each setting once. A key that is not in the table is an error. */
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
