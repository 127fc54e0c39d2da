import { describe, expect, it } from "vitest";
import type { Observations, RoleSeen } from "../../../src/cli/doctor/observations.js";
import { roleFindings } from "../../../src/cli/doctor/role-findings.js";
import { RolecallError } from "../../../src/errors.js";
import { BaseIdentity } from "../../../src/request/base-identity.js";

const MACHINE = "arn:aws:iam::111122223333:role/integration-host";
const CALLER = "arn:aws:sts::111122223333:assumed-role/integration-host/i-0123456789abcdef0";
const ROLE = "arn:aws:iam::123456789012:role/teams/red/Inventory";

const caller = { accountId: "111122223333", arn: CALLER, userId: "AROAEXAMPLE:i-0123456789abcdef0" };

function diagnosis(
  reason: string,
  { arn = CALLER, config, ...role }: Partial<RoleSeen> & { arn?: string; config?: string } = {},
) {
  const cause = new Error(`User: ${CALLER} is not authorized to perform: sts:AssumeRole on resource: ${ROLE}${reason}`);
  const error = new RolecallError("ASSUME_ROLE_DENIED", `AssumeRole of ${ROLE} failed: AccessDenied.`, {
    step: "assume-role",
    roleArn: ROLE,
    hint: "Check.",
    cause,
  });
  const seen: RoleSeen = {
    roleArn: ROLE,
    settings: {
      value: {
        allowedBy: undefined,
        externalId: undefined,
        roleSessionName: undefined,
        duration: { value: 3600, from: "default" },
        sets: { tags: false, sourceIdentity: false },
      },
    },
    assumed: { error },
    ...role,
  };
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
  const { summary, next } = roleFindings(seen, around, config).find(({ status }) => status === "failed") ?? {};
  return { summary, next: next?.join(" ") };
}

describe("the findings for a denied role", () => {
  it.each([
    [
      " with an explicit deny in a service control policy",
      /a Deny statement in a service control policy/,
      /Organizations.*exempt/,
    ],
    [
      " with an explicit deny in an identity-based policy",
      /a Deny statement in an identity-based policy/,
      /base identity's account/,
    ],
    [
      " with an explicit deny in the role trust policy",
      /a Deny statement in a role trust policy/,
      /trust relationships/,
    ],
    [" with an explicit deny in a resource control policy", /resource control policy blocks/, /of the role's account/],
    [
      " because no service control policy allows the sts:AssumeRole action",
      /no service control policy allows/,
      /of the base identity's account/,
    ],
    [
      " because no permissions boundary allows the sts:AssumeRole action",
      /no permissions boundary allows/,
      /permissions boundary: allow/,
    ],
    [
      " because no session policy allows the sts:AssumeRole action",
      /no session policy allows/,
      /policy of the base identity's session/,
    ],
    [
      " because no VPC endpoint policy allows the sts:AssumeRole action",
      /no VPC endpoint policy allows/,
      /interface endpoint for STS/,
    ],
  ])("names the policy that decided: %s", (reason, summary, next) => {
    expect(diagnosis(reason)).toEqual({
      summary: expect.stringMatching(summary),
      next: expect.stringMatching(next),
    });
  });

  it("says how to look at the trust policy, without the role's path", () => {
    const { next } = diagnosis(" because no role trust policy allows the sts:AssumeRole action");
    expect(next).toContain("Look at its trust policy in account 123456789012: aws iam get-role --role-name Inventory ");
    expect(next).toContain(`its Principal is ${MACHINE} (with its path, if it has one)`);
  });

  it("claims no cause if AWS names none", () => {
    const { summary, next } = diagnosis("");
    expect(summary).toMatch(/^Denied, and AWS does not say which policy decided\./);
    expect(next).toMatch(/check service control policies, permissions boundaries and the VPC endpoint policy\.$/);
  });

  const untrusted = " because no role trust policy allows the sts:AssumeRole action";

  it("prints the command with the instance file, quoted if a shell needs it", () => {
    const command = `npx aws-rolecall policy trust ${ROLE} --principal ${MACHINE}`;
    expect(diagnosis(untrusted, { config: "/etc/rolecall/a.json" }).next).toContain(
      `This command prints a matching trust policy (add the principal's path, if it has one). Add its statements to the existing trust policy: ${command} --config /etc/rolecall/a.json`,
    );
    expect(diagnosis(untrusted, { config: "Ann's settings.json" }).next).toMatch(
      / --config 'Ann'\\''s settings\.json'$/,
    );
  });

  it("does not claim that a trust policy matches if there is no instance file", () => {
    const { next } = diagnosis(untrusted);
    expect(next).toMatch(
      /This command prints a trust policy without an external id .*: npx aws-rolecall policy trust /,
    );
    expect(next).not.toContain("fits");
  });

  it("prints no command for a caller that cannot be named in a trust policy", () => {
    const { next } = diagnosis(untrusted, { arn: "arn:aws:sts::111122223333:federated-user/ann" });
    expect(next).not.toContain("rolecall policy");
  });
});

describe("a duration that STS rejects", () => {
  const CHAINING = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
  const MAXIMUM = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role";
  const refused = (arn: string, seconds: number, refusal: string) =>
    diagnosis("", {
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
    expect(summary).toMatch(/commands get 3600 s\. STS says: .* role chaining\.$/);
    expect(next).not.toContain("max-session-duration");
  });

  it("is reported as MaxSessionDuration for a role session if STS says so", () => {
    const { summary, next } = refused(CALLER, 7200, MAXIMUM);
    expect(summary).toMatch(/MaxSessionDuration set for this role\. In whole hours, it grants up to 7200 s\.$/);
    expect(next).toContain("Or raise it: aws iam update-role --role-name Inventory --max-session-duration 14400");
  });
});
