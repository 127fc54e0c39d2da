import { describe, expect, it } from "vitest";
import type { Observations, RoleSeen } from "../../../src/cli/doctor/observations.js";
import { roleFindings } from "../../../src/cli/doctor/role-findings.js";
import { BaseIdentity } from "../../../src/request/base-identity.js";

const CALLER = "arn:aws:sts::111122223333:assumed-role/integration-host/i-0123456789abcdef0";
const ROLE = "arn:aws:iam::123456789012:role/teams/red/Inventory";

const caller = { accountId: "111122223333", arn: CALLER, userId: "AROAEXAMPLE:i-0123456789abcdef0" };

function diagnosis({ arn, ...role }: Omit<RoleSeen, "roleArn"> & { arn: string }) {
  const seen: RoleSeen = { roleArn: ROLE, ...role };
  const around: Observations = {
    base: { value: new BaseIdentity({ kind: "instance-profile", plainHttp: false }) },
    notes: { identities: undefined, proxy: undefined },
    metadata: undefined,
    keys: { value: true },
    region: { value: { value: "eu-central-1", from: "instance.region" } },
    sts: {
      region: "eu-central-1",
      caller: { value: { ...caller, arn } },
      host: "sts.eu-central-1.amazonaws.com",
      clockOffset: 0,
    },
    sourceRole: undefined,
    roles: [seen],
  };
  const { summary, next } = roleFindings(seen, around).find(({ status }) => status === "failed") ?? {};
  return { summary, next: next?.join(" ") };
}

describe("a duration that STS rejects", () => {
  const CHAINING = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
  const MAXIMUM = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role";
  const refused = (arn: string, seconds: number, refusal: string) =>
    diagnosis({
      arn,
      settings: {
        value: {
          allowedBy: undefined,
          externalId: undefined,
          roleSessionName: undefined,
          duration: { value: 14_400, from: "instance.roleSessionDuration" },
          sets: { tags: false, sourceIdentity: false },
        },
      },
      assumed: { value: "arn:aws:sts::123456789012:assumed-role/Inventory/rolecall-doctor" },
      granted: { value: { seconds, refusal } },
    });

  it("is reported as role chaining for a user's temporary keys if STS says so", () => {
    const { summary, next } = refused("arn:aws:iam::111122223333:user/ann", 3600, CHAINING);
    expect(summary).toMatch(/commands get 3600 s\. STS returned: .* role chaining\.$/);
    expect(next).not.toContain("max-session-duration");
  });

  it("is reported as MaxSessionDuration for a role session if STS says so", () => {
    const { summary, next } = refused(CALLER, 7200, MAXIMUM);
    expect(summary).toMatch(/MaxSessionDuration set for this role\. In whole hours, it grants up to 7200 s\.$/);
    expect(next).toContain("Or raise it: aws iam update-role --role-name Inventory --max-session-duration 14400");
  });
});
