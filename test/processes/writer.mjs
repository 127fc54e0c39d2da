/**
 * Writes sessions of the roles in `ROLES` to the file store in `DIRECTORY`, one after the other, until it is killed. Its
 * STS is simulated, so that a reader can check whether the parts of a session belong together.
 */
import { pathToFileURL } from "node:url";
import { madeUpSts } from "./made-up-sts.mjs";

const { ROLECALL_BUILD, ROLES, DIRECTORY, ENCRYPTION_KEYS } = process.env;
const load = (name) => import(pathToFileURL(`${ROLECALL_BUILD}/${name}.mjs`).href);
const [{ createCredentialResolver }, { fileStore }] = await Promise.all(["index", "file-store"].map(load));

const store = fileStore({ directory: DIRECTORY, encryptionKeys: ENCRYPTION_KEYS?.split(",") });
const resolver = createCredentialResolver({ store, stsClient: () => madeUpSts() });
process.stdout.write("ready\n");
for (;;) {
  for (const roleArn of ROLES.split(",")) await resolver.resolve({ roleArn }, {}, { forceRefresh: true });
}
