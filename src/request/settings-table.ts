import { emptyRecord, isGiven, readSettings } from "./validation.js";

/** The value of a setting, and where it was set. */
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

/** @returns a function that reads each setting of an object once; a key that is not in the table is an error */
export function createSettingsReader<Table extends SettingsTable>(
  table: Table,
): (owner: string, value?: unknown) => ReadByTable<Table> {
  const rows = Object.entries(table);
  const names = rows.map(([name]) => name);
  const readRows = (owner: string, given: Readonly<Record<string, unknown>>) => {
    const read = emptyRecord();
    for (const [name, readOne] of rows) read[name] = readOne(`${owner}.${name}`, given[name], read);
    return read as ReadByTable<Table>;
  };
  let nothing: ReadByTable<Table> | undefined; // computed once, because most settings objects are not given
  return (owner, value) => {
    if (isGiven(value)) return readRows(owner, readSettings(owner, value, names));
    nothing ??= Object.freeze(readRows(owner, emptyRecord()));
    return nothing;
  };
}
