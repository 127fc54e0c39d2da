import { afterAll } from "vitest";
import { setDefaultResolver } from "../../src/index.js";

/** Test files share a process, and with it the default resolver. The next file gets a new one. */
afterAll(() => setDefaultResolver(undefined));
