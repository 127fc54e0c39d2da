import { isRecord } from "../request/validation.js";
import { type Condition, type RequestContext, readCondition } from "./iam-condition.js";
import { hasVariable, matchesResource, matchesText } from "./iam-pattern.js";

/** An IAM policy document: an object, or its JSON. */
export type IamPolicy = string | object;

/** Who is named in a trust policy. */
export interface Principal {
  readonly type: "AWS" | "Service" | "Federated";
  /** An ARN, an account's id, a service's name, or `*`. */
  readonly id: string;
}

/** What is asked of a policy. */
export interface PolicyQuestion {
  action: string;
  roleArn: string;
  context: RequestContext;
}

/** A statement of a policy, read. */
export interface Statement {
  readonly effect: "Allow" | "Deny";
  /** Empty in the policy of a role or user: it is about whoever has it. */
  readonly principals: readonly Principal[];
  /** Whether its actions, resources and conditions cover what is asked. */
  covers(question: PolicyQuestion): boolean;
}

/** The actions that the local AWS asks policies about. */
export const ACTIONS = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"] as const;

const VERSION = "2012-10-17";
const ACTION = /^(\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)$/;
/** All that a trust policy may be about. */
const STS_ACTION = /^sts:[a-zA-Z*?]+$/i;
const RESOURCE = /^(\*|arn:[^:]+:[^:]+:[^:]*:[^:]*:.+)$/s;
const AWS_PRINCIPAL =
  /^(\*|\d{12}|arn:aws[\w-]*:iam::\d{12}:(root|(role|user)\/[!-)+->@-~]+)|arn:aws[\w-]*:sts::\d{12}:assumed-role\/[\w+=,.@/-]+)$/;

/**
 * A policy document as statements.
 * @throws TypeError that names the place, for what is no policy of that kind, and for what the local AWS cannot evaluate
 */
export function readPolicy(option: string, policy: IamPolicy, kind: "identity" | "trust"): readonly Statement[] {
  const document = readObject(option, typeof policy === "string" ? parse(option, policy) : policy);
  assertKeys(option, document, ["Version", "Id", "Statement"]);
  if (document.Version !== VERSION) throw new TypeError(`${option}.Version must be "${VERSION}"`);
  const statements = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  if (statements.length === 0) throw new TypeError(`${option}.Statement is empty`);
  return statements.map((statement, index) =>
    READERS[kind](`${option}.Statement[${index}]`, readObject(`${option}.Statement[${index}]`, statement)),
  );
}

const READERS = { identity: readIdentityStatement, trust: readTrustStatement };

function readIdentityStatement(path: string, statement: Record<string, unknown>): Statement {
  assertKeys(path, statement, ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"]);
  const coversResource = readEither(path, statement, "Resource", RESOURCE, matchesResource);
  return readStatement(path, statement, ACTION, [], coversResource);
}

function readTrustStatement(path: string, statement: Record<string, unknown>): Statement {
  assertKeys(path, statement, ["Sid", "Effect", "Principal", "Action", "NotAction", "Condition"]);
  const principals = readPrincipals(`${path}.Principal`, statement.Principal);
  return readStatement(path, statement, STS_ACTION, principals, () => true);
}

function readStatement(
  path: string,
  statement: Record<string, unknown>,
  action: RegExp,
  principals: readonly Principal[],
  coversResource: (arn: string) => boolean,
): Statement {
  const effect = statement.Effect;
  if (effect !== "Allow" && effect !== "Deny") throw new TypeError(`${path}.Effect must be "Allow" or "Deny"`);
  if (statement.Sid !== undefined && !(typeof statement.Sid === "string" && /^[A-Za-z0-9]*$/.test(statement.Sid))) {
    throw new TypeError(`${path}.Sid must be letters and digits`);
  }
  const coversAction = readEither(path, statement, "Action", action, (pattern, asked) =>
    matchesText(pattern.toLowerCase(), asked.toLowerCase()),
  );
  // What is about other services is none of the local AWS's business, and may test what it likes.
  const condition = ACTIONS.some(coversAction) ? readConditions(`${path}.Condition`, statement.Condition) : () => false;
  return {
    effect,
    principals,
    covers: ({ action, roleArn, context }) => coversAction(action) && coversResource(roleArn) && condition(context),
  };
}

function readConditions(path: string, value: unknown): Condition {
  if (value === undefined) return () => true;
  const operators = Object.entries(readObject(path, value)).map(([operator, keys]) => {
    const read = Object.entries(readObject(`${path}.${operator}`, keys));
    return [
      operator,
      Object.fromEntries(read.map(([key, item]) => [key, readTexts(`${path}.${operator}.${key}`, item)])),
    ];
  });
  return readCondition(path, Object.fromEntries(operators));
}

/** An element, or its opposite with `Not` before its name: one of them and not both. */
function readEither(
  path: string,
  statement: Record<string, unknown>,
  element: "Action" | "Resource",
  shape: RegExp,
  matches: (pattern: string, text: string) => boolean,
): (text: string) => boolean {
  const isNegated = statement[element] === undefined;
  const name = isNegated ? `Not${element}` : element;
  if (!isNegated && statement[`Not${element}`] !== undefined) {
    throw new TypeError(`${path} has both ${element} and Not${element}`);
  }
  const patterns = readTexts(`${path}.${name}`, statement[name]);
  for (const pattern of patterns) {
    if (!shape.test(pattern) || hasVariable(pattern)) {
      throw new TypeError(`${path}.${name} has ${JSON.stringify(pattern)}, which the local AWS cannot evaluate`);
    }
  }
  return (text) => patterns.some((pattern) => matches(pattern, text)) !== isNegated;
}

function readPrincipals(path: string, value: unknown): readonly Principal[] {
  if (value === "*") return [{ type: "AWS", id: "*" }];
  const principals = readObject(path, value);
  assertKeys(path, principals, ["AWS", "Service", "Federated"]);
  const read = Object.entries(principals).flatMap(([type, ids]) =>
    readTexts(`${path}.${type}`, ids).map((id) => ({ type: type as Principal["type"], id })),
  );
  if (read.length === 0) throw new TypeError(`${path} names nobody`);
  const unknown = read.find(({ type, id }) => type === "AWS" && !AWS_PRINCIPAL.test(id));
  if (unknown) {
    throw new TypeError(
      `${path}.AWS has ${JSON.stringify(unknown.id)}: it takes ARNs of roles, users, sessions and accounts, ids of accounts, and *`,
    );
  }
  return read;
}

function readTexts(path: string, value: unknown): readonly string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > 0 && list.every((item) => typeof item === "string")) return list;
  throw new TypeError(`${path} must be a string or a list of strings`);
}

function readObject(path: string, value: unknown): Record<string, unknown> {
  if (isRecord(value)) return value;
  throw new TypeError(`${path} must be an object`);
}

function assertKeys(path: string, object: Record<string, unknown>, known: readonly string[]): void {
  const unknown = Object.keys(object).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new TypeError(`${path} has ${unknown}, which the local AWS does not take there. It takes: ${known.join(", ")}`);
}

function parse(option: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TypeError(`${option} is not JSON`, { cause: error });
  }
}
