import { createRequire } from "node:module";

/** What the CommonJS build has of its own: see `isStsLoaded` in `src/sdk/imds.ts`. */
Object.assign(globalThis, { __ROLECALL_REQUIRE__: createRequire(import.meta.url) });
