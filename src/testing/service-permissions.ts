import type { IdentityStatement } from "./iam-policy.js";
import type { SessionPolicies } from "./session-policies.js";

/** A call to a service other than STS, as far as its action is known. */
export interface ServiceAction {
  /** The signing name, such as `ec2` or `monitoring`. */
  readonly service: string;
  /** The name of the operation; `undefined` if the request does not contain it. */
  readonly operation: string | undefined;
}

/** Services whose actions do not begin with their signing name. */
const PREFIXES: ReadonlyMap<string, string> = new Map([
  ["email", "ses"],
  ["monitoring", "cloudwatch"],
  ["tagging", "tag"],
]);

/**
 * Operations whose action has another name; `undefined` if they need several actions. For S3, only the listed
 * operations are known, because other S3 requests do not name their operation.
 */
const ACTIONS: ReadonlyMap<string, string | undefined> = new Map([
  ["dynamodb:BatchExecuteStatement", undefined],
  ["dynamodb:ExecuteStatement", undefined],
  ["dynamodb:ExecuteTransaction", undefined],
  ["dynamodb:TransactGetItems", undefined],
  ["dynamodb:TransactWriteItems", undefined],
  ["s3:DeleteObject", "s3:DeleteObject"],
  ["s3:GetObject", "s3:GetObject"],
  ["s3:ListBuckets", "s3:ListAllMyBuckets"],
  ["s3:PutObject", "s3:PutObject"],
  ["sqs:ChangeMessageVisibilityBatch", "sqs:ChangeMessageVisibility"],
  ["sqs:DeleteMessageBatch", "sqs:DeleteMessage"],
  ["sqs:SendMessageBatch", "sqs:SendMessage"],
]);

/**
 * The reason why a session's policies do not permit a call, in AWS's words; `undefined` if they permit it.
 *
 * Only the action is evaluated. An Allow counts regardless of its resources and conditions. A Deny counts if it is for
 * all resources and has no conditions. If the action is unknown, an Allow for any action of the service is enough.
 */
export function findServiceDenial(
  { statements, areIncomplete }: SessionPolicies,
  { service, operation }: ServiceAction,
): string | undefined {
  const prefix = PREFIXES.get(service) ?? service;
  const action = findAction(prefix, operation);
  const isAllowed = ({ effect, names, concerns }: IdentityStatement) =>
    effect === "Allow" && (action === undefined ? concerns(prefix) : names(action));
  const isDenied = ({ effect, names, isUnlimited }: IdentityStatement) =>
    effect === "Deny" && isUnlimited && action !== undefined && names(action);
  const shown = action ?? `${prefix}:*`;
  if (statements.some(isDenied)) return `${shown} with an explicit deny in a session policy`;
  if (areIncomplete || statements.some(isAllowed)) return undefined;
  return `${shown} because no session policy allows the ${shown} action`;
}

function findAction(prefix: string, operation: string | undefined): string | undefined {
  if (operation === undefined) return undefined;
  const name = `${prefix}:${operation}`;
  return ACTIONS.has(name) || prefix === "s3" ? ACTIONS.get(name) : name;
}
