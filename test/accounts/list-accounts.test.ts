import { describe, expect, it } from "vitest";
import { listAccounts } from "../../src/accounts/list-accounts.js";
import { clientOf } from "./support.js";

const FIRST = "111122223333";
const SECOND = "444455556666";
const ROOT = "o-exampleorgid/r-examplerootid111/";
const OU = `${ROOT}ou-examplerootid111-exampleouid111/`;

const EVERYTHING = { roleArn: undefined, paths: undefined, exclude: undefined };
const account = (Id: string, more: object = {}) => ({ Id, Name: `Account ${Id}`, State: "ACTIVE", ...more });
const idsOf = (listed: readonly { id: string }[]) => listed.map(({ id }) => id);

describe("the accounts of an organization", () => {
  it("are read from all pages, with their state from the newer field", async () => {
    const makeClient = clientOf(
      { Accounts: [account(FIRST, { Status: "ACTIVE", State: "CLOSED" })] },
      {},
      { Accounts: [account(SECOND, { State: undefined, Status: "SUSPENDED" })] },
    );
    expect(await listAccounts(EVERYTHING, makeClient, undefined)).toMatchObject([
      { id: FIRST, name: `Account ${FIRST}`, state: "CLOSED" },
      { id: SECOND, state: "SUSPENDED" },
    ]);
  });

  it("are listed once, even if the pages overlap", async () => {
    const makeClient = clientOf({ Accounts: [account(FIRST)] }, { Accounts: [account(FIRST), account(SECOND)] });
    expect(idsOf(await listAccounts(EVERYTHING, makeClient, undefined))).toEqual([FIRST, SECOND]);
  });

  it.each([
    ["an OU", [OU], [SECOND]],
    ["a root and everything below it", [`${ROOT}*`], [FIRST, SECOND]],
    ["a root itself", [ROOT], [FIRST]],
  ])("are those of %s if paths name it", async (_what, paths, expected) => {
    const makeClient = clientOf({
      Accounts: [account(FIRST, { Paths: [`${ROOT}${FIRST}/`] }), account(SECOND, { Paths: [`${OU}${SECOND}/`] })],
    });
    expect(idsOf(await listAccounts({ ...EVERYTHING, paths }, makeClient, undefined))).toEqual(expected);
  });

  it.each([
    ["none is in scope", { exclude: [FIRST] }, [account(FIRST)], /none of the organization's 1 accounts is in scope/],
    ["one has no id", {}, [account("")], /an account has no id or no state/],
    ["one has no state", {}, [{ Id: FIRST }], /an account has no id or no state/],
    ["one has no path, and paths are set", { paths: [ROOT] }, [account(FIRST)], /account 111122223333 has no Paths/],
  ])("are an error if %s", async (_why, scope, Accounts, message) => {
    const listing = listAccounts({ ...EVERYTHING, ...scope }, clientOf({ Accounts }), undefined);
    await expect(listing).rejects.toMatchObject({ code: "ACCOUNTS_UNAVAILABLE" });
    await expect(listing).rejects.toThrow(message);
  });
});
