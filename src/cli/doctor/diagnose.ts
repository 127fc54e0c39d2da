import { accountFindings } from "./account-findings.js";
import { examine, type Subject } from "./examine.js";
import type { Finding } from "./finding.js";
import { machineFindings } from "./machine-findings.js";
import { roleFindings } from "./role-findings.js";

/** Examines the machine and the roles, and reports what is wrong. @param file the instance's file, for advice */
export async function diagnose(subject: Subject, file: string | undefined): Promise<readonly Finding[]> {
  const seen = await examine(subject);
  const named = seen.accounts ? [] : seen.roles;
  const roles = seen.sourceRole ? [seen.sourceRole, ...named] : named;
  return [
    ...machineFindings(seen),
    ...roles.flatMap((role) => roleFindings(role, seen, file)),
    ...accountFindings(seen, file),
  ];
}
