import { describePrincipal } from "./arns.js";
import type { Denial } from "./denial.js";
import { type Finding, failed } from "./finding.js";

/** The settings that need an action which is often forgotten next to sts:AssumeRole. */
const NEEDED_BY: ReadonlyMap<string, string> = new Map([
  ["sts:TagSession", "the instance's tags need"],
  ["sts:SetSourceIdentity", "the instance's source identity needs"],
]);

/** If AWS names one of these actions, neither the principal nor the external id is the cause. */
export function forgottenAction(denial: Denial, roleArn: string, callerArn: string | undefined): Finding | undefined {
  const { action, policy, explicit } = denial;
  const need = NEEDED_BY.get(action);
  if (need === undefined || explicit) return undefined;
  const trust = `Add ${action} next to sts:AssumeRole in the role's trust policy, with conditions that match the request`;
  const permission = `allow ${action} on ${roleArn} in a policy of ${describePrincipal(callerArn)}`;
  switch (policy) {
    case undefined: {
      const summary = `Denied: ${action} is not allowed on this role, and ${need} it.`;
      return failed("assume", summary, `${trust}. Also ${permission}.`);
    }
    case "role trust policy": {
      const summary = `Denied: the role's trust policy does not allow ${action}, which ${need}.`;
      return failed("assume", summary, `${trust}.`);
    }
    case "identity-based policy": {
      const summary = `Denied: no policy of the base identity allows ${action}, which ${need}.`;
      return failed("assume", summary, `${permission.charAt(0).toUpperCase()}${permission.slice(1)}.`);
    }
    default:
      return undefined;
  }
}
