import { createRequire } from "node:module";

/** What only the CommonJS build has: see `src/sdk/imds.ts`. */
Object.assign(globalThis, { __ROLECALL_REQUIRE__: createRequire(import.meta.url) });
