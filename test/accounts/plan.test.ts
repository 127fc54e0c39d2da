import { describe, expect, it } from "vitest";
import { planTargets, regionsToRun } from "../../src/accounts/plan.js";
import { readAccounts } from "../../src/request/accounts.js";

const FIRST = "111122223333";
const SECOND = "444455556666";
const THIRD = "777788889999";

function plan(settings: object, input: Partial<Parameters<typeof planTargets>[0]> = {}) {
  const accounts = readAccounts("instance.accounts", { roleName: "Audit", regions: ["us-east-1"], ...settings });
  return planTargets({
    accounts: accounts as NonNullable<typeof accounts>,
    allowedRoles: undefined,
    partition: "aws",
    listed: undefined,
    accountIds: undefined,
    regions: undefined,
    defaultRegion: undefined,
    ...input,
  });
}

const listed = (id: string, state = "ACTIVE") => ({ id, name: `Account ${id}`, state });
const wanted = (...value: string[]) => ({ from: "options.regions", value });

describe("the accounts of a plan", () => {
  it("are the organization's in its order, refined by ids, and then those that only ids name", () => {
    const ids = [
      { id: THIRD, roleName: "Other" },
      { id: SECOND, externalId: "acme" },
    ];
    const { accounts } = plan({ organization: {}, ids }, { listed: [listed(FIRST), listed(SECOND)] });
    expect(accounts.map(({ id, name, roleArn, externalId }) => [id, name, roleArn, externalId])).toEqual([
      [FIRST, `Account ${FIRST}`, `arn:aws:iam::${FIRST}:role/Audit`, undefined],
      [SECOND, `Account ${SECOND}`, `arn:aws:iam::${SECOND}:role/Audit`, "acme"],
      [THIRD, undefined, `arn:aws:iam::${THIRD}:role/Other`, undefined],
    ]);
  });

  it("keep the order of the list, whatever the order of accountIds", () => {
    const { accounts } = plan({ ids: [FIRST, SECOND, THIRD] }, { accountIds: [THIRD, FIRST] });
    expect(accounts.map(({ id }) => id)).toEqual([FIRST, THIRD]);
  });

  it("are apart if they are not active", () => {
    const states = [listed(FIRST, "SUSPENDED"), listed(SECOND), listed(THIRD, "PENDING_CLOSURE")];
    const { accounts, inactive } = plan({ organization: {} }, { listed: states });
    expect(accounts.map(({ id }) => id)).toEqual([SECOND]);
    expect(inactive.map(({ account, state }) => [account.id, state])).toEqual([
      [FIRST, "SUSPENDED"],
      [THIRD, "PENDING_CLOSURE"],
    ]);
  });
});

describe("the regions of an account", () => {
  const regionsOf = (settings: object, input?: Parameters<typeof plan>[1]) =>
    plan({ ids: [FIRST], ...settings }, input).accounts.map(regionsToRun)[0];

  it.each([
    ["its own", { ids: [{ id: FIRST, regions: ["eu-west-1"] }] }, {}, ["eu-west-1"]],
    ["those of all accounts", {}, {}, ["us-east-1"]],
    [
      "the default region if nothing else says",
      { regions: undefined },
      { defaultRegion: { from: "instance.region", value: "eu-west-1" } },
      ["eu-west-1"],
    ],
    ["not known if they are asked for", { regions: "enabled" }, { regions: wanted("us-east-1") }, undefined],
    [
      "those that it lists, in the order in which they are wanted",
      { regions: ["us-east-1", "eu-west-1", "us-west-2"] },
      { regions: wanted("us-west-2", "us-east-1") },
      ["us-west-2", "us-east-1"],
    ],
    ["the wanted ones if nothing else says", { regions: undefined }, { regions: wanted("eu-west-1") }, ["eu-west-1"]],
  ])("are %s", (_what, settings, input, expected) => {
    expect(regionsOf(settings, input)).toEqual(expected);
  });

  it("are an error if they are of a partition in which the role is not", () => {
    expect(() => plan({ ids: [FIRST], regions: ["cn-north-1"] })).toThrow(/instance.accounts.ids\[0\].regions/);
  });
});
