import { beforeEach, test } from "vitest";
import { documentedMocks } from "./documented-mocks.mjs";

documentedMocks({ test, beforeEach });
