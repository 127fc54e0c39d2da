import { describe, expect, it } from "vitest";
import { machineFindings } from "../../../src/cli/doctor/machine-findings.js";
import type { Observations } from "../../../src/cli/doctor/observations.js";
import { BaseIdentity } from "../../../src/request/base-identity.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const identity = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "made-up" };
const caller = { accountId: "111122223333", arn: "arn:aws:iam::111122223333:user/ann", userId: "AIDAEXAMPLE" };

function clockFinding(clockOffset: number | undefined) {
  const seen: Observations = {
    base: { value: new BaseIdentity({ kind: "static", identity }) },
    notes: { identities: undefined, proxy: undefined },
    metadata: undefined,
    keys: { value: true },
    region: { value: { value: "eu-central-1", from: "instance.region" } },
    sts: { region: "eu-central-1", caller: { value: caller }, host: "sts.eu-central-1.amazonaws.com", clockOffset },
    sourceRole: undefined,
    roles: [],
  };
  const found = machineFindings(seen).find(({ step }) => step === "clock");
  return found && `${found.status}: ${found.summary}`;
}

describe("a clock", () => {
  it.each([
    [0, /^ok: .* agrees with AWS's\.$/],
    [-30 * SECOND, /^ok: /],
    [31 * SECOND, /^warning: .* is 31 seconds behind AWS's\.$/],
    [-4 * MINUTE, /^warning: .* is 4 minutes ahead of AWS's\.$/],
    [5 * MINUTE, /^warning: /],
    [5 * MINUTE + SECOND, /^failed: .* is 5 minutes behind AWS's\. AWS rejects its signatures\./],
    [-20 * MINUTE, /^failed: .* is 20 minutes ahead of AWS's/],
  ])("that is off by %i ms is reported", (offset, said) => expect(clockFinding(offset)).toMatch(said));

  it("is not reported on if no response has AWS's time", () => expect(clockFinding(undefined)).toBeUndefined());
});
