import { documentedMocks } from "./documented-mocks.mjs";

documentedMocks({ test, beforeEach });
