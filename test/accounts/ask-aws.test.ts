import { describe, expect, it } from "vitest";
import { loadPeer, readPages } from "../../src/accounts/ask-aws.js";
import { forever } from "./support.js";

interface Page {
  readonly items?: readonly number[];
  readonly NextToken?: string;
}

const LISTING = { action: "organizations:ListAccounts", roleArn: undefined, signal: undefined };
const itemsOf = ({ items = [] }: Page) => items;

const readAll = (pages: readonly Page[], listing = LISTING) =>
  readPages(listing, async (token) => pages[Number(token ?? 0)] as Page, itemsOf);

describe("the pages of a list", () => {
  it("are read to the last one, even if one is empty", async () => {
    const pages = [{ items: [1], NextToken: "1" }, { NextToken: "2" }, { items: [2, 3] }];
    expect(await readAll(pages)).toEqual([1, 2, 3]);
  });

  it("are an error if they repeat", async () => {
    const pages = [{ items: [1], NextToken: "1" }, { NextToken: "1" }];
    await expect(readAll(pages)).rejects.toMatchObject({
      code: "ACCOUNTS_UNAVAILABLE",
      message: expect.stringContaining("its pages repeat"),
    });
  });

  it("are an error if one cannot be read", async () => {
    await expect(readAll([{ items: 5 as never }])).rejects.toMatchObject({ code: "ACCOUNTS_UNAVAILABLE" });
  });

  it.each([
    [{ name: "AccessDeniedException", $fault: "client", $metadata: { httpStatusCode: 400 } }, false, /Allow organ/],
    [{ name: "TooManyRequestsException", $fault: "client", $metadata: { httpStatusCode: 400 } }, true, /cause/],
    [{ name: "ServiceException", $fault: "server", $metadata: { httpStatusCode: 500 } }, true, /cause/],
    [undefined, true, /unknown error|Error/],
  ])("are an error that says who asked for what if AWS answers %j", async (thrown, retryable, hint) => {
    const error = thrown && Object.assign(new Error("refused"), thrown);
    const reading = readPages(LISTING, () => Promise.reject(error), itemsOf);
    await expect(reading).rejects.toMatchObject({ code: "ACCOUNTS_UNAVAILABLE", step: "accounts", retryable });
    await expect(reading).rejects.toThrow(/^organizations:ListAccounts as the base identity failed/);
    await expect(reading).rejects.toThrow(hint);
  });

  it("are not waited for when the signal aborts, even if the client ignores it", async () => {
    const controller = new AbortController();
    const reading = readPages<Page, number>({ ...LISTING, signal: controller.signal }, () => forever(), itemsOf);
    controller.abort(new Error("enough"));
    await expect(reading).rejects.toMatchObject({ code: "ABORTED", step: "accounts", cause: { message: "enough" } });
  }, 2000);
});

describe("an optional package", () => {
  it.each(["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"])(
    "that is missing is an error that names it (%s)",
    async (code) => {
      const load = () => Promise.reject(Object.assign(new Error("no"), { code }));
      await expect(
        loadPeer("instance.accounts.organization", "@aws-sdk/client-organizations", load),
      ).rejects.toMatchObject({
        code: "INVALID_REQUEST",
        field: "instance.accounts.organization",
        message: expect.stringContaining("Run npm install @aws-sdk/client-organizations."),
      });
    },
  );

  it("that cannot be loaded for a different reason rejects with that", async () => {
    const error = new SyntaxError("broken");
    await expect(loadPeer("field", "package", () => Promise.reject(error))).rejects.toBe(error);
  });
});
