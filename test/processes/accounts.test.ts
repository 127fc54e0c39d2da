import { afterAll, beforeAll, expect, it } from "vitest";
import { type LocalAws, startLocalAws } from "../../src/testing/index.js";
import { useChildren } from "./children.js";

const IDS = Array.from({ length: 30 }, (_, index) => `${200_000_000_000 + index}`);
const roleOf = (id: string) => `arn:aws:iam::${id}:role/Audit`;

const { run } = useChildren();
let aws: LocalAws;

beforeAll(async () => {
  aws = await startLocalAws({ region: "eu-central-1", roles: IDS.map((id) => ({ roleArn: roleOf(id) })) });
  for (const id of IDS.slice(1)) {
    aws.fault({ on: { operation: "DescribeInstances", roleArn: roleOf(id) }, kind: "hang" });
  }
});
afterAll(() => aws.close());

it.each(["break", "signal"])("nothing keeps a process alive after a run that ends by %s", async (STOP) => {
  const ACCOUNTS = JSON.stringify({ roleName: "Audit", ids: IDS });
  const told = (await run("accounts.mjs", { ...aws.env, ACCOUNTS, STOP })) as {
    ended: string[];
    resources: string[];
    msToExit: number;
  };
  expect(told.ended[0]).toBe("done");
  expect(told.ended).toHaveLength(STOP === "break" ? 1 : IDS.length);
  expect(told.resources).toEqual([]);
  expect(told.msToExit).toBeLessThan(30_000); // the calls hang forever, and the time limit is a minute
});

it.each([
  ["organization", { organization: {} }, "@aws-sdk/client-organizations"],
  ["regions", { ids: IDS, regions: "enabled" }, "@aws-sdk/client-account"],
])("accounts.%s without its optional package is an error before anything starts", async (name, settings, WITHOUT) => {
  const ACCOUNTS = JSON.stringify({ roleName: "Audit", ...settings });
  const told = await run("accounts.mjs", { ...aws.env, ACCOUNTS, WITHOUT });
  expect(told).toMatchObject({
    ended: [],
    error: {
      code: "INVALID_REQUEST",
      message: `instance.accounts.${name} needs ${WITHOUT}, which is not installed. Run npm install ${WITHOUT}.`,
    },
  });
});
