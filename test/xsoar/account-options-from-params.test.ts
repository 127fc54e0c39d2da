import { describe, expect, it } from "vitest";
import { accountOptionsFromParams, type XsoarArgs, type XsoarParams } from "../../src/xsoar/index.js";

const LISTED = { access_role_name: "Audit", accounts_to_access: "111122223333,000012345678" };

describe("accountOptionsFromParams", () => {
  it.each<[string, object, unknown, object]>([
    ["nothing", {}, undefined, {}],
    ["empty strings", { max_workers: "" }, { account_id: "" }, {}],
    ["null", { max_workers: null }, { account_id: null }, {}],
    ["max_workers as a string", { max_workers: "5" }, {}, { concurrency: 5 }],
    ["max_workers as a number", { max_workers: 5 }, null, { concurrency: 5 }],
    ["a listed account", LISTED, { account_id: "000012345678" }, { accountIds: ["000012345678"] }],
    ["an account with white space", LISTED, { account_id: " 111122223333 " }, { accountIds: ["111122223333"] }],
    [
      "an account, if the instance lists the accounts elsewhere",
      {},
      { account_id: "1".repeat(12) },
      { accountIds: ["1".repeat(12)] },
    ],
    ["parameters and arguments of other kinds", { ...LISTED, workers: 0 }, { filters: "x", account: "y" }, {}],
    ["an empty misspelled argument, which is ignored", { maxWorkers: "" }, { accountId: "" }, {}],
  ])("%s", (_, params, args, options) => {
    expect(accountOptionsFromParams(params as XsoarParams, args as XsoarArgs)).toEqual(options);
  });

  it.each<[string, object, object, string]>([
    ["params.max_workers", { max_workers: "0" }, {}, "from 1 to 1000"],
    ["params.max_workers", { max_workers: "many" }, {}, "from 1 to 1000"],
    ["params.maxWorkers", { maxWorkers: 3 }, {}, "Write it as max_workers"],
    ["args.account_id", LISTED, { account_id: "777788889999" }, "which params.accounts_to_access does not list"],
    ["args.account_id", LISTED, { account_id: 12345678 }, 'write "000012345678"'],
    ["args.account_id", LISTED, { account_id: "12345678" }, 'write "000012345678"'],
    ["args.account_id", LISTED, { account_id: ["111122223333"] }, "an account id"],
    ["args.account_id", LISTED, { account_id: "111122223333,000012345678" }, "an account id"],
    ["args.accountId", LISTED, { accountId: "111122223333" }, "Write it as account_id"],
    ["params.access_role_name", { accounts_to_access: "1".repeat(12) }, { account_id: "1".repeat(12) }, "is missing"],
  ])("%s is an error with %j and %j", (field, params, args, message) => {
    expect(() => accountOptionsFromParams(params as XsoarParams, args)).toThrow(
      expect.objectContaining({ code: "INVALID_REQUEST", field, message: expect.stringContaining(message) }),
    );
  });
});
