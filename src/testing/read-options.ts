/** @throws TypeError naming the function, for anything but an object */
export function readOptions<T extends object>(name: string, options: T): T {
  if (typeof options === "object" && options !== null) return options;
  throw new TypeError(`options of ${name}() must be an object`);
}
