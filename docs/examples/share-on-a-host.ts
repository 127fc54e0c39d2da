import { createCredentialResolver, setDefaultResolver } from "aws-rolecall";
import { fileStore } from "aws-rolecall/file-store";

/** Shares sessions between the processes of one user on one machine. Each command runs in its own process. */
export function shareOnThisHost() {
  const resolver = createCredentialResolver({ store: fileStore() });
  setDefaultResolver(resolver);
  return resolver;
}
