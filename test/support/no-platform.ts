import { ANNOUNCING_VARIABLES } from "../../src/request/platform.js";

/** The suite may itself run in a container or with a web identity, which its tests must not take for theirs. */
for (const name of ANNOUNCING_VARIABLES) delete process.env[name];
