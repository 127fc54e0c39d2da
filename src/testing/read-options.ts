/** @throws TypeError naming the function, for anything but an object */
export function readOptions<T extends object>(name: string, options: T): T {
  if (typeof options === "object" && options !== null) return options;
  throw new TypeError(`options of ${name}() must be an object`);
}

/** What a message shows of a wrong value. */
export function shown(value: unknown): string {
  return typeof value === "number" || typeof value === "string" ? `${value}`.slice(0, 100) : `a ${typeof value}`;
}
