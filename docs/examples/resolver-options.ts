import { createCredentialResolver, setDefaultResolver } from "aws-rolecall";

/** A default resolver with limits of one's own, for all of the process. */
export function configure() {
  const resolver = createCredentialResolver({
    maxSessions: 2000,
    refresh: { advisoryWindow: 10 * 60_000 }, // milliseconds
    assumeRole: { maxConcurrent: 10, timeout: 20_000 },
  });
  setDefaultResolver(resolver);
  return resolver;
}
