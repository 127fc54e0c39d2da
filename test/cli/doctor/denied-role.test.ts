import { describe, expect, it } from "vitest";
import type { Caller } from "../../../src/cli/doctor/caller.js";
import { deniedFinding, parseArn } from "../../../src/cli/doctor/denied-role.js";
import type { RoleSettings } from "../../../src/cli/doctor/observations.js";
import { RolecallError, type RolecallErrorCode } from "../../../src/errors.js";

const MACHINE = "arn:aws:iam::111122223333:role/integration-host";
const CALLER = "arn:aws:sts::111122223333:assumed-role/integration-host/i-0123456789abcdef0";
const ROLE = "arn:aws:iam::123456789012:role/teams/red/Inventory";
const HUB = "arn:aws:iam::111122223333:role/Hub";

const BASE: Caller = { name: "the base identity", roleName: "this role", arn: CALLER, others: [] };

interface Given {
  action?: string;
  code?: RolecallErrorCode;
  callerArn?: string | undefined;
  by?: Partial<Caller>;
  assumable?: string;
  config?: string;
  settings?: Partial<RoleSettings>;
}

function diagnosis(reason: string, given: Given = {}) {
  const { action = "sts:AssumeRole", code = "ASSUME_ROLE_DENIED", assumable, config, by, settings } = given;
  const cause = new Error(`User: ${CALLER} is not authorized to perform: ${action} on resource: ${ROLE}${reason}`);
  const error = new RolecallError(code, `AssumeRole of ${ROLE} failed: AccessDenied.`, {
    step: "assume-role",
    roleArn: ROLE,
    hint: "Check.",
    cause,
  });
  const defaults: RoleSettings = {
    allowedBy: undefined,
    externalId: undefined,
    roleSessionName: undefined,
    duration: { value: 3600, from: "default" },
    sets: { tags: false, sourceIdentity: false },
  };
  const caller = { ...BASE, ...("callerArn" in given && { arn: given.callerArn }), ...by };
  const finding = deniedFinding(error, { ...defaults, ...settings }, { by: caller, assumable, config });
  expect(finding).toMatchObject({ step: "assume", status: "failed" });
  return { summary: finding.summary, next: finding.next.join(" ") };
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
    const { next } = diagnosis(untrusted, { callerArn: "arn:aws:sts::111122223333:federated-user/ann" });
    expect(next).not.toContain("rolecall policy");
  });
});

const notAllowed = (policy: string, action = "sts:AssumeRole") => ` because no ${policy} allows the ${action} action`;

describe("what is known about the caller and the role", () => {
  it("is used: a role that the caller can assume rules its own policy out", () => {
    const assumable = "arn:aws:iam::444455556666:role/Audit";
    expect(diagnosis("").summary).toMatch(
      /most likely first: the base identity's own policy .*; or this role's trust policy /,
    );
    expect(diagnosis("", { assumable }).summary).toMatch(
      /most likely first: this role's trust policy .*; or the base identity's/,
    );
    expect(diagnosis(notAllowed("identity-based policy"), { assumable }).summary).toContain(
      `It can assume ${assumable}, so a Resource list or a Condition excludes this role.`,
    );
  });

  it("is used: an external id that is set may differ from the one in the trust policy", () => {
    const externalId = { value: true, from: "instance.externalId" } as const;
    const untrusted = notAllowed("role trust policy");
    expect(diagnosis(untrusted).summary).toContain("requires an external id (none is set)");
    const { summary, next } = diagnosis(untrusted, { settings: { externalId } });
    expect(summary).toContain("requires another external id");
    expect(next).toContain("sts:ExternalId there equals instance.externalId");
  });

  it("is left out if AWS does not name the caller", () => {
    const { next } = diagnosis(notAllowed("role trust policy"), { callerArn: undefined });
    expect(next).toContain("its Principal is the base identity's role or user,");
    expect(next).not.toContain("policy trust");
  });

  it("is the source role's name and ARN, if a source role calls", () => {
    const by = { name: "the source role", arn: HUB } as const;
    const { summary, next } = diagnosis(notAllowed("identity-based policy"), { by });
    expect(summary).toBe("Denied: no policy of the source role allows sts:AssumeRole on this role.");
    expect(next).toBe(`Add ${ROLE} to the Resource list of sts:AssumeRole in a policy of ${HUB}.`);
  });
});

describe("an action that is often forgotten next to sts:AssumeRole", () => {
  it.each([
    ["sts:TagSession", { tags: true, sourceIdentity: false }, "the instance's tags need"],
    ["sts:TagSession", { tags: false, sourceIdentity: false }, "the tags inherited from the base identity need"],
    ["sts:SetSourceIdentity", { tags: false, sourceIdentity: true }, "the instance's source identity needs"],
    [
      "sts:SetSourceIdentity",
      { tags: true, sourceIdentity: false },
      "the source identity inherited from the base identity needs",
    ],
  ])("is named with what needs it: %s, %j", (action, sets, need) => {
    const { summary, next } = diagnosis(notAllowed("role trust policy", action), { action, settings: { sets } });
    expect(summary).toBe(`Denied: the role's trust policy does not allow ${action}, which ${need}.`);
    expect(next).toMatch(new RegExp(`^Add ${action} next to sts:AssumeRole in the role's trust policy`));
  });

  it("is to be allowed in both policies if AWS does not say which one decided", () => {
    const { next } = diagnosis("", { action: "sts:TagSession" });
    expect(next).toMatch(/^Add sts:TagSession .*trust policy.* Also allow sts:TagSession on .* in a policy of /);
  });

  it("is not the cause if a Deny statement blocks it", () => {
    const { summary } = diagnosis(" with an explicit deny in a service control policy", { action: "sts:TagSession" });
    expect(summary).toBe("Denied: a Deny statement in a service control policy blocks sts:TagSession on this role.");
  });
});

it("any other error is passed on with its own hint", () => {
  expect(diagnosis("", { code: "REGION_DISABLED" })).toEqual({
    summary: expect.stringMatching(/^AssumeRole of /),
    next: "Check.",
  });
});

it("an ARN has a partition, an account and a name without its path", () => {
  expect(parseArn(ROLE)).toEqual({ partition: "aws", accountId: "123456789012", name: "Inventory" });
  expect(parseArn("")).toEqual({ partition: "", accountId: "", name: "" });
});
