/** A Map that makes what it does not hold: the cache that everybody writes by hand. */
export function byKey(make) {
  const made = new Map();
  return (key, ...details) => {
    let value = made.get(key);
    if (value === undefined) {
      value = make(key, ...details);
      made.set(key, value);
    }
    return value;
  };
}
