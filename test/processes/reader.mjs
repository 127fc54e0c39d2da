/**
 * Reads sessions of the roles in `ROLES` from the file store in `DIRECTORY`, each time like a new process, until its
 * input ends. Prints its counts, and each session that was incomplete or belonged to a different role.
 */
import { subscribe } from "node:diagnostics_channel";
import { pathToFileURL } from "node:url";
import { isMadeUp, madeUpSts } from "./made-up-sts.mjs";

const { ROLECALL_BUILD, ROLES, DIRECTORY, ENCRYPTION_KEYS } = process.env;
const load = (name) => import(pathToFileURL(`${ROLECALL_BUILD}/${name}.mjs`).href);
const [{ createCredentialResolver }, { fileStore }] = await Promise.all(["index", "file-store"].map(load));

const store = fileStore({ directory: DIRECTORY, encryptionKeys: ENCRYPTION_KEYS?.split(",") });
const seen = { reads: 0, shared: 0, wrong: [], storeErrors: [] };
subscribe("aws-rolecall:refreshed", ({ shared }) => {
  if (shared) seen.shared++;
});
subscribe("aws-rolecall:store-error", ({ operation, reason, error }) => {
  seen.storeErrors.push(`${operation} ${reason} ${error?.message ?? ""}`);
});
let isOver = false;
process.stdin.resume().on("end", () => {
  isOver = true;
});
while (!isOver) {
  for (const roleArn of ROLES.split(",")) {
    const resolver = createCredentialResolver({ store, stsClient: () => madeUpSts() });
    const session = await resolver.resolve({ roleArn });
    seen.reads++;
    if (!isMadeUp(roleArn, session)) seen.wrong.push(roleArn);
    await resolver.close();
  }
  await new Promise((resolve) => setImmediate(resolve));
}
process.stdout.write(JSON.stringify(seen));
