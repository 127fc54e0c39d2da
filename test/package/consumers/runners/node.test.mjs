import { beforeEach, test } from "node:test";
import { documentedMocks } from "./documented-mocks.mjs";

documentedMocks({ test, beforeEach });
