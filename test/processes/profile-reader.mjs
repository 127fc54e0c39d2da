// A process with the same instance and the same store, which prints the identity of its session.
import { readFile } from "node:fs/promises";

const { createCredentialResolver } = await import(`${process.env.ROLECALL_BUILD}/index.mjs`);
const { fileStore } = await import(`${process.env.ROLECALL_BUILD}/file-store.mjs`);
const [instance, directory] = process.argv.slice(2);
const resolver = createCredentialResolver({ store: fileStore({ directory }) });
const session = await resolver.resolve(JSON.parse(await readFile(instance, "utf8")));
process.stdout.write(session.assumedRoleArn);
