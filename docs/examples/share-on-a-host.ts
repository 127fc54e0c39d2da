import { createCredentialResolver, setDefaultResolver } from "aws-rolecall";
import { fileStore } from "aws-rolecall/file-store";

/** Shares sessions between the commands of one user on one machine, where each command is a process. */
export function shareOnThisHost() {
  const resolver = createCredentialResolver({ store: fileStore() });
  setDefaultResolver(resolver);
  return resolver;
}
