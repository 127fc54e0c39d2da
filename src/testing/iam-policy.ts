import { isRecord } from "../request/validation.js";
import { areKnown, type Condition, readCondition } from "./iam-condition.js";
import {
  matchesPolicyArn,
  matchesPolicyText,
  type PolicyText,
  type PolicyVersion,
  readPolicyText,
} from "./iam-pattern.js";
import { AWS_PRINCIPALS, isAwsPrincipal, NO_PRINCIPALS, type Principal, type Principals } from "./iam-principal.js";
import type { RequestContext } from "./request-context.js";

/** An IAM policy document, as an object or as JSON. */
export type IamPolicy = string | object;

/** The call that a policy is evaluated for. */
export interface PolicyQuestion {
  action: string;
  roleArn: string;
  context: RequestContext;
}

/** A parsed policy statement. */
export interface Statement {
  readonly effect: "Allow" | "Deny";
  readonly principals: Principals;
  /** Whether its actions, resources and conditions match. */
  covers(question: PolicyQuestion): boolean;
}

/**
 * A statement of a role, user or session policy. Can also be evaluated for a call when only its action or service is
 * known.
 */
export interface IdentityStatement extends Statement {
  /** Whether its actions include this one. */
  names(action: string): boolean;
  /** Whether its actions include at least one action of this service. */
  concerns(service: string): boolean;
  /** Whether it applies to every resource, without conditions. */
  readonly isUnlimited: boolean;
}

/** The actions that the local AWS evaluates policies for. */
export const ACTIONS = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"] as const;

const NO_CONTEXT: RequestContext = new Map();
const VERSIONS: readonly PolicyVersion[] = ["2012-10-17", "2008-10-17"];
const ACTION = /^(\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)$/;
/** The actions that a trust policy may contain. */
const STS_ACTION = /^sts:[a-zA-Z*?]+$/i;
const RESOURCE = /^(\*|arn:[^:]+:[^:]+:[^:]*:[^:]*:.+)$/s;

/** The path of a statement in its document, and the document's version. */
interface Place {
  readonly path: string;
  readonly version: PolicyVersion;
}

/**
 * Parses the policy of a role or user.
 * @throws TypeError naming the place that is invalid or that the local AWS does not support
 */
export function readIdentityPolicy(option: string, policy: IamPolicy): readonly IdentityStatement[] {
  return readStatements(option, policy, (place, statement) => {
    assertKeys(place.path, statement, ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"]);
    const coversResource = readEither(place, statement, "Resource", RESOURCE, matchesPolicyArn);
    const coversAction = readActions(place, statement, ACTION);
    return {
      ...readStatement(place, statement, ACTION, NO_PRINCIPALS, coversResource),
      names: (action) => coversAction(action, NO_CONTEXT),
      concerns: readServices(place, statement),
      isUnlimited: statement.Condition === undefined && [statement.Resource].flat().includes("*"),
    };
  });
}

/**
 * Parses a trust policy. Statements about principals that cannot call here, such as a SAML provider, never match.
 * @throws TypeError like {@link readIdentityPolicy}
 */
export function readTrustPolicy(
  option: string,
  policy: IamPolicy,
  mayCall: (principal: Principal) => boolean,
): readonly Statement[] {
  return readStatements(option, policy, (place, statement) => {
    const { path } = place;
    assertKeys(path, statement, ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition"]);
    const principals = readPrincipals(path, statement);
    const isAboutCallers = principals.isException || principals.named.some(mayCall);
    return readStatement(place, statement, STS_ACTION, principals, () => isAboutCallers);
  });
}

function readStatements<T>(
  option: string,
  policy: IamPolicy,
  read: (place: Place, statement: Record<string, unknown>) => T,
): readonly T[] {
  const document = readObject(option, typeof policy === "string" ? parse(option, policy) : policy);
  assertKeys(option, document, ["Version", "Id", "Statement"]);
  const { Version: given = "2008-10-17", Statement: content } = document;
  const version = VERSIONS.find((known) => known === given);
  if (!version) throw new TypeError(`${option}.Version must be "${VERSIONS.join('" or "')}"`);
  const statements = Array.isArray(content) ? content : [content];
  if (statements.length === 0) throw new TypeError(`${option}.Statement is empty`);
  return statements.map((statement, index) => {
    const path = `${option}.Statement[${index}]`;
    return read({ path, version }, readObject(path, statement));
  });
}

function readStatement(
  place: Place,
  statement: Record<string, unknown>,
  action: RegExp,
  principals: Principals,
  coversResource: (arn: string, context: RequestContext) => boolean,
): Statement {
  const { path } = place;
  const effect = statement.Effect;
  if (effect !== "Allow" && effect !== "Deny") throw new TypeError(`${path}.Effect must be "Allow" or "Deny"`);
  if (principals.isException && effect === "Allow") {
    throw new TypeError(`${path}.NotPrincipal is allowed only with "Effect": "Deny"`);
  }
  if (statement.Sid !== undefined && !(typeof statement.Sid === "string" && /^[A-Za-z0-9]*$/.test(statement.Sid))) {
    throw new TypeError(`${path}.Sid must be letters and digits`);
  }
  const coversAction = readActions(place, statement, action);
  const condition = readConditions(place, statement.Condition);
  return {
    effect,
    principals,
    covers: ({ action, roleArn, context }) =>
      coversAction(action, context) && coversResource(roleArn, context) && condition(context),
  };
}

function readActions(
  place: Place,
  statement: Record<string, unknown>,
  shape: RegExp,
): (action: string, context: RequestContext) => boolean {
  return readEither(place, statement, "Action", shape, (pattern, asked) =>
    matchesPolicyText(pattern, asked.toLowerCase()),
  );
}

/** Reads whether a statement is about at least one action of a service. */
function readServices({ path }: Place, statement: Record<string, unknown>): (service: string) => boolean {
  const { name, value, isNegated } = readElementOrOpposite(path, statement, "Action");
  const actions = readTexts(`${path}.${name}`, value).map((action) => action.toLowerCase());
  return isNegated
    ? (service) => !actions.some((action) => action === "*" || action === `${service}:*`)
    : (service) => actions.some((action) => action === "*" || action.startsWith(`${service}:`));
}

function readConditions({ path: statement, version }: Place, value: unknown): Condition {
  if (value === undefined) return () => true;
  const path = `${statement}.Condition`;
  const operators = Object.entries(readObject(path, value)).map(([operator, keys]) => {
    const read = Object.entries(readObject(`${path}.${operator}`, keys));
    return [
      operator,
      Object.fromEntries(read.map(([key, item]) => [key, readValues(`${path}.${operator}.${key}`, item)])),
    ];
  });
  return readCondition(path, Object.fromEntries(operators), version);
}

/** Also accepts bare numbers and booleans, like IAM. */
function readValues(path: string, value: unknown): readonly string[] {
  const isBare = (item: unknown) => typeof item === "boolean" || Number.isFinite(item);
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return readTexts(
    path,
    list.map((item) => (isBare(item) ? String(item) : item)),
  );
}

/** Reads an element or its `Not…` counterpart, exactly one of which must be present. */
function readEither(
  { path, version }: Place,
  statement: Record<string, unknown>,
  element: "Action" | "Resource",
  shape: RegExp,
  matches: (pattern: PolicyText, text: string, context: RequestContext) => boolean,
): (text: string, context: RequestContext) => boolean {
  const { name, value, isNegated } = readElementOrOpposite(path, statement, element);
  const patterns = readTexts(`${path}.${name}`, value).map((pattern) => {
    // Actions are case-insensitive and have no variables.
    const isAction = element === "Action";
    const text = isAction ? readPolicyText(pattern.toLowerCase(), "2008-10-17") : readPolicyText(pattern, version);
    if (shape.test(pattern) && text && areKnown(text)) return text;
    throw new TypeError(`${path}.${name} has ${JSON.stringify(pattern)}, which the local AWS does not support`);
  });
  return (text, context) => patterns.some((pattern) => matches(pattern, text, context)) !== isNegated;
}

function readElementOrOpposite(path: string, statement: Record<string, unknown>, element: string) {
  const isNegated = statement[element] === undefined;
  const name = isNegated ? `Not${element}` : element;
  if (!isNegated && statement[`Not${element}`] !== undefined) {
    throw new TypeError(`${path} has both ${element} and Not${element}`);
  }
  return { name, value: statement[name], isNegated };
}

function readPrincipals(statementPath: string, statement: Record<string, unknown>): Principals {
  const { name, value, isNegated: isException } = readElementOrOpposite(statementPath, statement, "Principal");
  if (value === "*") return { named: [{ type: "AWS", id: "*" }], isException };
  const path = `${statementPath}.${value === undefined ? "Principal" : name}`;
  const principals = readObject(path, value);
  assertKeys(path, principals, ["AWS", "Service", "Federated"]);
  const named = Object.entries(principals).flatMap(([type, ids]) =>
    readTexts(`${path}.${type}`, ids).map((id) => ({ type: type as Principal["type"], id })),
  );
  if (named.length === 0) throw new TypeError(`${path} names no principal`);
  const unknown = named.find(({ type, id }) => type === "AWS" && !isAwsPrincipal(id));
  if (unknown) throw new TypeError(`${path}.AWS has ${JSON.stringify(unknown.id)}. Allowed: ${AWS_PRINCIPALS}`);
  return { named, isException };
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
  throw new TypeError(`${path} has an unsupported key ${unknown}. Allowed: ${known.join(", ")}`);
}

function parse(option: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new TypeError(`${option} is not JSON`, { cause: error });
  }
}
