import { invalid, invalidText, isGiven } from "./validation.js";

/** A validated role ARN. Its parts are computed on demand to save memory: every session keeps a role ARN. */
export class RoleArn {
  readonly arn: string;

  constructor(arn: string) {
    this.arn = arn;
    Object.freeze(this);
  }

  /** Returns a shared string for `aws`: splitting the ARN creates a new one each time. */
  get partition(): string {
    const partition = readPart(this.arn, 1);
    return partition === "aws" ? "aws" : partition;
  }

  get accountId(): string {
    return readPart(this.arn, 4);
  }

  /** The name without the path, as in the ARN of an assumed role. */
  get name(): string {
    return this.arn.slice(this.arn.lastIndexOf("/") + 1);
  }
}

function readPart(arn: string, index: number): string {
  return arn.split(":", index + 1)[index] as string;
}

/** The path is a single run that includes its slashes: a repeated group could take exponential time to reject. */
const ROLE_ARN = /^arn:aws(?:-[a-z0-9]+)*:iam::\d{12}:role\/(?:[!-)+-9;->@-~]+\/)?[\w+=,.@-]{1,64}$/;
const SESSION_NAME = /^[\w+=,.@-]{1,64}$/;
const ALLOWED = "a role ARN of 20 to 2048 characters, such as arn:aws:iam::123456789012:role/path/name";

/** What people paste by mistake, and what to use instead. */
const COMMON_MISTAKES: readonly [RegExp, string][] = [
  [
    /^arn:[^:]*:sts:.*:assumed-role\//,
    "This is a role session. Use the role's ARN, arn:aws:iam::<account>:role/<name>.",
  ],
  [
    /^arn:[^:]*:iam::\d*:user\//,
    "A user cannot be assumed. Create a role that trusts this machine's role, and use that role's ARN.",
  ],
  [/^arn:[^:]*:iam::\d*:group\//, "A group cannot be assumed. Use the ARN of a role."],
  [/^arn:[^:]*:iam::\d*:root$/, "An account root cannot be assumed. Use the ARN of a role in that account."],
  [/^arn:[^:]*:iam::\d*:instance-profile\//, "This is an instance profile. Use the ARN of its role."],
  [/^arn:[^:]*:iam::(?:aws|\d*):policy\//, "This is a policy. Use the ARN of a role."],
  [/^[\w+=,.@/-]{1,512}$/, "This looks like a role name. Use the full ARN, which includes the account."],
];

/** @param sensitive whether an invalid value may be a secret */
export function readRoleArn(field: string, value: unknown, { sensitive = false } = {}): RoleArn | undefined {
  if (!isGiven(value)) return undefined;
  const fits = typeof value === "string" && value.length >= 20 && value.length <= 2048 && ROLE_ARN.test(value);
  if (!fits) throw invalidRoleArn(field, value, sensitive);
  return new RoleArn(value);
}

function invalidRoleArn(field: string, value: unknown, sensitive: boolean): Error {
  const hint = typeof value === "string" && suggestFix(value.slice(0, 2048));
  return (sensitive ? invalid : invalidText)(field, value, hint ? `${ALLOWED}. ${hint.replace(/\.$/, "")}` : ALLOWED);
}

function suggestFix(text: string): string | undefined {
  if (text === "") return "To use no role, leave the setting out.";
  if (text.trim() !== text) return "Remove the white space around it.";
  const account = /^arn:[^:]*:iam::(\d*):role\//.exec(text)?.[1];
  if (account !== undefined && account.length !== 12) {
    return `Its account id has ${account.length} digits instead of 12.`;
  }
  return COMMON_MISTAKES.find(([pattern]) => pattern.test(text))?.[1];
}

/** Whether `arn:…:sts::<account>:assumed-role/<name>/<session>` is a session of this role. */
export function isSessionForRole(role: RoleArn, assumedRoleArn: string): boolean {
  const prefix = `arn:${role.partition}:sts::${role.accountId}:assumed-role/${role.name}/`;
  return assumedRoleArn.startsWith(prefix) && SESSION_NAME.test(assumedRoleArn.slice(prefix.length));
}
