import { describe, expect, it } from "vitest";
import { listRegions } from "../../src/accounts/list-regions.js";
import { clientOf } from "./support.js";

describe("the regions of an account", () => {
  const list = (...pages: object[]) => listRegions("arn", clientOf(...pages), new AbortController().signal);

  it("are listed once, even if the pages overlap", async () => {
    const [one, other] = [{ RegionName: "us-east-1" }, { RegionName: "eu-west-1" }];
    expect(await list({ Regions: [one] }, { Regions: [one, other] })).toEqual(["us-east-1", "eu-west-1"]);
  });

  it("are an error if the answer names none", async () => {
    await expect(list({ Regions: [] })).rejects.toMatchObject({
      code: "ACCOUNTS_UNAVAILABLE",
      message: expect.stringContaining("the answer names no region"),
    });
  });
});
