import { describePrincipal } from "./arns.js";
import type { Denial } from "./denial.js";
import { type Finding, failed } from "./finding.js";

/** What needs an action that is often forgotten beside sts:AssumeRole. */
const NEEDED_BY: ReadonlyMap<string, string> = new Map([
  ["sts:TagSession", "the instance's tags need"],
  ["sts:SetSourceIdentity", "the instance's source identity needs"],
]);

/** AWS names the action, so that the principal and the external id are no suspects. */
export function forgottenAction(denial: Denial, roleArn: string, callerArn: string | undefined): Finding | undefined {
  const { action, policy, explicit } = denial;
  const need = NEEDED_BY.get(action);
  if (need === undefined || explicit) return undefined;
  const trust = `Add ${action} beside sts:AssumeRole in the role's trust policy, with conditions that fit what is sent`;
  const permission = `allow ${action} on ${roleArn} in a policy of ${describePrincipal(callerArn)}`;
  switch (policy) {
    case undefined: {
      const summary = `Denied: ${action} is not allowed on this role, and ${need} it.`;
      return failed("assume", summary, `${trust}; and ${permission}.`);
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
