import { documentedMocks } from "./documented-mocks.mjs";

documentedMocks({ test: it, beforeEach });
