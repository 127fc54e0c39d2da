import { createCredentialResolver, setDefaultResolver } from "aws-rolecall";
import { fileStore } from "aws-rolecall/file-store";

/** The commands of one user on one machine share sessions, each in a process of its own. */
export function shareOnThisHost() {
  const resolver = createCredentialResolver({ store: fileStore() });
  setDefaultResolver(resolver);
  return resolver;
}
