import { invalid, invalidText, isGiven } from "./validation.js";

/** A role's ARN that has been checked. Its parts are taken from it when they are needed: every session keeps its own. */
export class RoleArn {
  readonly arn: string;

  constructor(arn: string) {
    this.arn = arn;
  }

  get partition(): string {
    return partOf(this.arn, 1);
  }

  get accountId(): string {
    return partOf(this.arn, 4);
  }

  /** Without the path: what STS repeats in the ARN of an assumed role. */
  get name(): string {
    return this.arn.slice(this.arn.lastIndexOf("/") + 1);
  }
}

function partOf(arn: string, index: number): string {
  return arn.split(":", index + 1)[index] as string;
}

/** The path is one run that holds its own slashes: as a repeated group it would take exponential time to refuse. */
const ROLE_ARN = /^arn:aws(?:-[a-z0-9]+)*:iam::\d{12}:role\/(?:[!-)+-9;->@-~]+\/)?[\w+=,.@-]{1,64}$/;
const SESSION_NAME = /^[\w+=,.@-]{1,64}$/;
const ALLOWED = "a role ARN of 20 to 2048 characters, such as arn:aws:iam::123456789012:role/path/name";

/** Other things that people paste where a role belongs, and what to use instead. */
const MISTAKEN: readonly [RegExp, string][] = [
  [
    /^arn:[^:]*:sts:.*:assumed-role\//,
    "This is a session of a role. Use the role's own ARN, arn:aws:iam::<account>:role/<name>.",
  ],
  [
    /^arn:[^:]*:iam::\d*:user\//,
    "A user cannot be assumed. Create a role that trusts this machine's role, and use the role's ARN.",
  ],
  [/^arn:[^:]*:iam::\d*:group\//, "A group cannot be assumed. Use the ARN of a role."],
  [/^arn:[^:]*:iam::\d*:root$/, "An account's root cannot be assumed. Use the ARN of a role in that account."],
  [/^arn:[^:]*:iam::\d*:instance-profile\//, "An instance profile holds a role. Use the ARN of the role in it."],
  [/^arn:[^:]*:iam::(?:aws|\d*):policy\//, "This is a policy. Use the ARN of a role."],
  [/^[\w+=,.@/-]{1,512}$/, "This looks like a role's name. Use its whole ARN, which names the account too."],
];

/** @param sensitive whether a wrong value may be a secret */
export function readRoleArn(field: string, value: unknown, { sensitive = false } = {}): RoleArn | undefined {
  if (!isGiven(value)) return undefined;
  const fits = typeof value === "string" && value.length >= 20 && value.length <= 2048 && ROLE_ARN.test(value);
  if (!fits) throw mistaken(field, value, sensitive);
  return new RoleArn(value);
}

function mistaken(field: string, value: unknown, sensitive: boolean): Error {
  const hint = typeof value === "string" && hintFor(value.slice(0, 2048));
  return (sensitive ? invalid : invalidText)(field, value, hint ? `${ALLOWED}. ${hint.replace(/\.$/, "")}` : ALLOWED);
}

function hintFor(text: string): string | undefined {
  if (text === "") return "Leave the setting out if it names no role.";
  if (text.trim() !== text) return "White space stands before or after it.";
  const account = /^arn:[^:]*:iam::(\d*):role\//.exec(text)?.[1];
  if (account !== undefined && account.length !== 12) {
    return `Its account id has ${account.length} digits instead of 12.`;
  }
  return MISTAKEN.find(([pattern]) => pattern.test(text))?.[1];
}

/** Whether the ARN of an assumed role (`arn:…:sts::<account>:assumed-role/<name>/<session>`) is a session of this role. */
export function isSessionForRole(role: RoleArn, assumedRoleArn: string): boolean {
  const prefix = `arn:${role.partition}:sts::${role.accountId}:assumed-role/${role.name}/`;
  return assumedRoleArn.startsWith(prefix) && SESSION_NAME.test(assumedRoleArn.slice(prefix.length));
}
