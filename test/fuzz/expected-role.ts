import { isDeepStrictEqual } from "node:util";
import type { RecordedRequest } from "../../src/testing/index.js";

/** The input of a call. It is read here in the simplest way, because the library's own reading is under test. */
export interface Asked {
  readonly instance: unknown;
  readonly command?: unknown;
  readonly session?: unknown;
}

/**
 * Returns what is wrong with the AssumeRole calls that STS received: a role that is neither the command's nor the
 * instance's, a role outside `allowedRoles`, or a lost limit.
 */
export function judgeAssumptions(requests: readonly RecordedRequest[], asked: Asked): string[] {
  return requests
    .filter(({ operation }) => operation === "AssumeRole")
    .flatMap((request) => {
      if (sourceRoles(asked).includes(request.roleArn)) return judgeSourceRole(request, asked);
      const { roleArn, parameters } = request;
      return [...judgeRole(roleArn, asked), ...judgeLimits(parameters, asked), ...judgeCaller(request, asked)];
    });
}

/** The roles that may stand between the base identity and the command's role. */
function sourceRoles({ instance }: Asked): unknown[] {
  return readings(instance, "sourceRole")
    .flatMap((given) => (isObject(given) ? readings(given, "roleArn") : [given]))
    .filter(isGiven);
}

/** Its session may only assume roles, and it has settings of its own. */
function judgeSourceRole({ parameters: sent, session }: RecordedRequest, { instance }: Asked): string[] {
  const own = only(readings(instance, "sourceRole"));
  const expected = isObject(own) ? only(readings(own, "externalId")) : own === UNSURE ? UNSURE : undefined;
  const problems =
    expected === UNSURE || (expected ?? undefined) === sent.ExternalId
      ? []
      : ["the source role was assumed with another external id"];
  const policy = sent.Policy === undefined ? undefined : JSON.parse(sent.Policy);
  const actions = policy?.Statement?.flatMap(({ Action }: { Action: string[] }) => Action) ?? ["*"];
  if (!actions.every((action: string) => /^sts:(AssumeRole|TagSession|SetSourceIdentity)$/.test(action)))
    problems.push("the source role's session is not limited");
  if (session?.roleArn === sent.RoleArn) problems.push("the source role assumed itself");
  return problems;
}

/** With a source role, no other identity assumes a role; without one, no other role does. */
function judgeCaller({ session }: RecordedRequest, asked: Asked): string[] {
  const hubs = sourceRoles(asked);
  const isHub = hubs.includes(session?.roleArn);
  const isSure = readings(asked.instance, "sourceRole").length === 1;
  return !isSure || isHub === hubs.length > 0 ? [] : [`the role was assumed by ${session?.arn}`];
}

/** The same check for the role in a request to a service. */
export function judgeRole(roleArn: string | undefined, asked: Asked): string[] {
  const roles = expectedRoles(asked);
  const problems = roles.includes(roleArn)
    ? []
    : [`the role ${roleArn} was assumed where ${roles.join(" or ")} was asked for`];
  const lists = readings(asked.instance, "allowedRoles");
  const isListed = lists.some(
    (items) => !isGiven(items) || (Array.isArray(items) && findEntry(items, roleArn) !== undefined),
  );
  return isListed ? problems : [...problems, `the role ${roleArn} is not in allowedRoles`];
}

export function expectedRoles({ instance, command }: Asked): (string | undefined)[] {
  const fallback = readings(instance, "roleArn");
  return readings(command, "roleArn")
    .flatMap((own) => (isGiven(own) ? [own] : fallback))
    .map((role) => (isGiven(role) ? String(role) : undefined));
}

function judgeLimits(sent: Readonly<Record<string, string>>, { instance, command, session }: Asked): string[] {
  const one = (owner: unknown, key: string) => only(readings(owner, key));
  const expected: Record<string, unknown> = {
    RoleSessionName: first(one(command, "roleSessionName"), one(instance, "roleSessionName")),
    DurationSeconds: first(one(command, "roleSessionDuration"), one(instance, "roleSessionDuration"), 3600),
    SourceIdentity: first(one(instance, "sourceIdentity"), one(session, "sourceIdentity")),
    ExternalId: expectedExternalId(instance, sent.RoleArn),
  };
  const problems = Object.entries(expected)
    .filter(([name, value]) => value !== UNSURE && isGiven(value) && String(value) !== sent[name])
    // Where STS refuses a longer session, one of an hour is asked for instead.
    .filter(([name, value]) => !(name === "DurationSeconds" && Number(value) > 3600 && sent[name] === "3600"))
    .map(([name, value]) => `${name} was ${sent[name]} where ${String(value)} was asked for`);
  const policy = first(one(instance, "policy"), one(session, "policy"));
  if (isGiven(policy) && policy !== UNSURE && !isSamePolicy(policy, sent.Policy))
    problems.push(`Policy was ${sent.Policy}`);
  const policyArns = first(one(instance, "policyArns"), one(session, "policyArns"));
  if (Array.isArray(policyArns)) {
    const missing = policyArns.filter((arn) => !Object.values(sent).includes(arn));
    if (missing.length > 0) problems.push(`PolicyArns lack ${missing.join(", ")}`);
  }
  for (const owner of [instance, session]) {
    const tags = one(owner, "tags");
    if (typeof tags !== "object" || tags === null) continue;
    for (const [key, value] of Object.entries(tags).filter(([, text]) => isGiven(text))) {
      const at = Object.entries(sent).find(
        ([name, text]) => /^Tags\.member\.\d+\.Key$/.test(name) && text === key,
      )?.[0];
      const tag = at && sent[at.replace(/Key$/, "Value")];
      if (tag !== value) problems.push(`the tag ${key} was ${tag} where ${String(value)} was asked for`);
    }
  }
  return problems;
}

/** What accessors leave undetermined. */
const UNSURE = Symbol("unsure");

function first(...values: unknown[]): unknown {
  if (values.includes(UNSURE)) return UNSURE;
  return values.find(isGiven);
}

function only(values: readonly unknown[]): unknown {
  return values.length === 1 ? values[0] : UNSURE;
}

function expectedExternalId(instance: unknown, roleArn: string | undefined): unknown {
  const allowed = only(readings(instance, "allowedRoles"));
  if (allowed === UNSURE) return UNSURE;
  const entry = Array.isArray(allowed) ? findEntry(allowed, roleArn) : undefined;
  return first(only(readings(entry, "externalId")), only(readings(instance, "externalId")));
}

/** An exact ARN, or else the first pattern that matches. */
function findEntry(items: readonly unknown[], roleArn: string | undefined): unknown {
  const arns = (item: unknown) => (typeof item === "string" ? [item] : readings(item, "roleArn"));
  return (
    items.find((item) => arns(item).includes(roleArn)) ??
    items.find((item) => arns(item).some((arn) => matches(arn, roleArn)))
  );
}

function matches(pattern: unknown, roleArn: string | undefined): boolean {
  if (typeof pattern !== "string" || roleArn === undefined) return false;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", "[^:]*")
    .replaceAll("?", "[^:]");
  return new RegExp(`^${source}$`).test(roleArn);
}

function isSamePolicy(given: unknown, sent: string | undefined): boolean {
  const plain = typeof given === "string" ? JSON.parse(given) : JSON.parse(JSON.stringify(given));
  return sent !== undefined && isDeepStrictEqual(JSON.parse(sent), plain);
}

/** All values that a property can return: an accessor can return a different one each time. */
function readings(owner: unknown, key: string): unknown[] {
  if (!isGiven(owner)) return [undefined];
  const values = new Set<unknown>();
  for (let read = 0; read < 4; read++) {
    try {
      values.add((owner as Record<string, unknown>)[key]);
    } catch {
      // A value that cannot be read is none.
    }
  }
  return [...values];
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
