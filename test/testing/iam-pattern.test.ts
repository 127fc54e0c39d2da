import { describe, expect, it } from "vitest";
import { matchesResource } from "../../src/testing/iam-pattern.js";

const ARN = "arn:aws:iam::123456789012:role/teams/red/Inventory";

describe("an IAM Resource pattern", () => {
  it.each([
    ["*", true],
    [ARN, true],
    ["arn:aws:iam::123456789012:role/*", true],
    ["arn:aws:iam::*:role/teams/*/Inventory", true],
    ["arn:aws:iam::12345678901?:role/teams/red/Inventor?", true],
    ["arn:aws:iam::123456789012:role/teams?red?Inventory", true],
    ["arn:aws:iam::123456789012:role/teams/red/Inventory*", true],
    ["arn:aws:iam::123456789012:role/Teams/*", false],
    ["arn:aws:iam::123456789012:role/teams/red/Inventory?", false],
    ["arn:aws:iam::*", false],
    ["arn:*", false],
    ["arn:aws:iam:*:role/*", false],
    ["arn:aws:iam::123456789012:role/teams/red/Inventor.", false],
    ["arn:aws:iam::123456789012:role/(.*)", false],
    ["", false],
  ])("%j covers the role: %s", (pattern, covers) => {
    expect(matchesResource(pattern, ARN)).toBe(covers);
  });
});
