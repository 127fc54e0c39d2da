import { readFile } from "node:fs/promises";

void readFile(process.env.SESSION_FILE, "utf8").then(JSON.parse).then(globalThis.obtained);
