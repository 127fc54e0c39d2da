import { describe, expect, it } from "vitest";
import { parseDenial } from "../../../src/cli/doctor/denial.js";

const CALLER = "arn:aws:sts::111122223333:assumed-role/integration-host/i-0123456789abcdef0";
const ROLE = "arn:aws:iam::123456789012:role/Inventory";

/** The messages come from the IAM user guide: "Troubleshoot access denied error messages". */
describe("parsing an AccessDenied message", () => {
  const plain = `User: ${CALLER} is not authorized to perform: sts:AssumeRole`;

  it.each([
    [`${plain} on resource: ${ROLE}`, undefined, false],
    ["Not authorized to perform sts:AssumeRole", undefined, false],
    ["Access denied", undefined, false],
    [`${plain} because no identity-based policy allows the sts:AssumeRole action`, "identity-based policy", false],
    [
      `${plain} on resource: ${ROLE} because no identity-based policy allows the sts:AssumeRole action`,
      "identity-based policy",
      false,
    ],
    [`${plain} on resource: ${ROLE} with an explicit deny in an identity-based policy`, "identity-based policy", true],
    [
      `${plain} on resource: ${ROLE} with an explicit deny in an identity-based policy: arn:aws:iam::111122223333:policy/No`,
      "identity-based policy",
      true,
    ],
    [`${plain} because no role trust policy allows the sts:AssumeRole action`, "role trust policy", false],
    [`${plain} with an explicit deny in the role trust policy`, "role trust policy", true],
    [`${plain} because no resource-based policy allows the sts:AssumeRole action`, "resource-based policy", false],
    [`${plain} because no service control policy allows the sts:AssumeRole action`, "service control policy", false],
    [`${plain} on resource: ${ROLE} with an explicit deny in a service control policy`, "service control policy", true],
    [
      `${plain} on resource: ${ROLE} with an explicit deny in a service control policy: arn:aws:organizations::777788889999:policy/o-a/service_control_policy/p-b`,
      "service control policy",
      true,
    ],
    [
      `${plain} on resource: ${ROLE} with an explicit deny in a resource control policy`,
      "resource control policy",
      true,
    ],
    [`${plain} because no permissions boundary allows the sts:AssumeRole action`, "permissions boundary", false],
    [`${plain} with an explicit deny in a permissions boundary`, "permissions boundary", true],
    [`${plain} because no session policy allows the sts:AssumeRole action`, "session policy", false],
    [`${plain} on resource: ${ROLE} with an explicit deny in a sessions policy`, "session policy", true],
    [`${plain} because no VPC endpoint policy allows the sts:AssumeRole action`, "VPC endpoint policy", false],
    [
      `${plain} on resource: ${ROLE} with an explicit deny in a VPC endpoint policy transitively through a service control policy`,
      "VPC endpoint policy",
      true,
    ],
    [`${plain} with an explicit deny in a policy that is newer than this release`, undefined, true],
  ])("%s", (message, policy, explicit) => {
    const caller = message.startsWith("User: ") ? CALLER : undefined;
    expect(parseDenial(message)).toEqual({ caller, action: "sts:AssumeRole", policy, explicit });
  });

  it("names the action that was denied", () => {
    const message = `User: ${CALLER} is not authorized to perform: sts:TagSession on resource: ${ROLE}`;
    expect(parseDenial(message).action).toBe("sts:TagSession");
  });
});
