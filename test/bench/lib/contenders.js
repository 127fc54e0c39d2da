/** In the order of the tables: ours, then the SDK by itself from the plainest to the best, then what is built on it. */
const NAMES = [
  "rolecall",
  "per-command",
  "shared-provider",
  "memoized",
  "memoized-cached-client",
  "default-chain",
  "default-chain-cached-client",
  "backstage",
  "middy",
  "recipe",
];

export function loadContenders() {
  return Promise.all(NAMES.map(async (name) => (await import(`../contenders/${name}.js`)).default));
}
