import { createCredentialResolver, setDefaultResolver } from "aws-rolecall";

/** Sets a default resolver with your own limits for the whole process. */
export function configure() {
  const resolver = createCredentialResolver({
    maxSessions: 2000,
    refresh: { advisoryWindow: 10 * 60_000 }, // milliseconds
    assumeRole: { maxConcurrent: 10, timeout: 20_000 },
  });
  setDefaultResolver(resolver);
  return resolver;
}
