import { describe, expect, it } from "vitest";
import { planAccounts } from "../../src/accounts/index.js";
import { readPlanOptions } from "../../src/accounts/run-options.js";
import { RunScope } from "../../src/accounts/run-scope.js";
import { setUpLocal } from "../support/local.js";

const ID = "123456789012";

function scopeOf(resolver: object, instance: object, command: object = {}, options: object = {}) {
  return new RunScope(instance, command, readPlanOptions({ resolver, ...options }));
}

describe("a scope", () => {
  it.each<[string, object, object, object, string]>([
    ["the region", { region: "cn-north-1" }, {}, {}, "aws-cn"],
    ["the regions of the accounts", {}, { regions: ["us-gov-west-1"] }, {}, "aws-us-gov"],
    ["the regions of one account", {}, { ids: [{ id: ID, regions: ["cn-north-1"] }] }, {}, "aws-cn"],
    ["the region of the command", {}, {}, { region: "us-gov-east-1" }, "aws-us-gov"],
    ["the source role", { sourceRole: `arn:aws-cn:iam::${ID}:role/Hub`, region: "cn-north-1" }, {}, {}, "aws-cn"],
  ])("takes the partition of its roles from %s", async (_what, instance, accounts, command, partition) => {
    const { resolver } = await setUpLocal();
    const all = { ...instance, accounts: { roleName: "Audit", ids: [ID], ...accounts } };
    const plan = await scopeOf(resolver, all, command).plan();
    expect(plan).toMatchObject({ accounts: [{ roleArn: `arn:${partition}:iam::${ID}:role/Audit` }] });
  });

  it("is not affected by later changes of the instance", async () => {
    const { resolver } = await setUpLocal();
    const instance = { region: "us-east-1", accounts: { roleName: "Audit", ids: [ID] } };
    const scope = scopeOf(resolver, instance);
    instance.accounts.ids.push("444455556666");
    instance.accounts.roleName = "Admin";
    expect(await scope.plan()).toMatchObject({
      accounts: [{ roleArn: `arn:aws:iam::${ID}:role/Audit` }],
      inactive: [],
    });
  });
});

it("a plan whose signal aborts while the regions are asked for rejects with ABORTED", async () => {
  const { aws, clock, resolver } = await setUpLocal({
    organization: { accounts: [ID], memberRoles: [{ roleName: "Audit" }] },
  });
  aws.fault({ on: { operation: "ListRegions" }, kind: "hang" });
  const controller = new AbortController();
  const accounts = { roleName: "Audit", ids: [ID], regions: "enabled" as const };
  const plan = planAccounts({ region: "us-east-1", accounts }, {}, { resolver, signal: controller.signal });
  await clock.settle();
  controller.abort(new Error("enough"));
  await expect(plan).rejects.toMatchObject({ code: "ABORTED", step: "accounts", cause: { message: "enough" } });
});
