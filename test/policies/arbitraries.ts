import fc from "fast-check";

export const PARTITIONS = ["aws", "aws-cn", "aws-us-gov"] as const;
export const ACCOUNTS = ["111122223333", "123456789012", "444455556666"];

const text = (characters: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength });

const NAME = "abzABZ019_+=,.@-";
/** Characters that IAM accepts in a path, including those that a format could treat as syntax. */
const PATH = `ab/$\${}%{"'\\#<>&~()[]|;!^\`@`;

/** Roles with unusual but valid names and paths, in `partition`. */
export const hostileRole = (partition: string) =>
  fc
    .tuple(fc.constantFrom(...ACCOUNTS), fc.option(text(PATH, 1, 20)), text(NAME, 1, 64))
    .map(([account, path, name]) => `arn:${partition}:iam::${account}:role/${path === null ? "" : `${path}/`}${name}`);

/** Role ARNs of few letters, so that patterns of the same letters often match them. */
export const plainRole = (partition: string) =>
  fc
    .tuple(fc.constantFrom(...ACCOUNTS), text(`ab/\${}`, 0, 4), text("ab", 1, 3))
    .map(([account, path, name]) => `arn:${partition}:iam::${account}:role/${path === "" ? "" : `${path}/`}${name}`);

/** A role ARN in which some characters of the account, path or name, and sometimes the partition, are `*` or `?`. */
export const pattern = (partition: string) =>
  fc
    .tuple(plainRole(partition), fc.constantFrom(partition, partition, "*", "a?s*"), fc.infiniteStream(fc.nat(11)))
    .map(([role, part, chances]) => {
      const [arn, , service, region, account = "", resource = ""] = role.split(":");
      const blur = (part: string) =>
        [...part].map((character) => ({ 0: "*", 1: "?" })[chances.next().value as number] ?? character).join("");
      const name = resource.slice("role/".length);
      return [arn, part, service, region, chances.next().value === 0 ? "*" : account, `role/${blur(name)}*`].join(":");
    });

export const externalId = text("aZ09_+=,.@:/-", 2, 40);
export const sourceIdentity = text("aZ09_+=,.@-", 2, 64);

/** Characters include Latin-1 letters and spaces. No key appears twice, ignoring case. */
export const tags = fc
  .uniqueArray(fc.tuple(text("abzABZ09éÿ \u00a0_.:/=+-@", 1, 30), text("abz09é _.:/=+-@", 0, 30)), {
    maxLength: 5,
    selector: ([key]) => key.toLowerCase(),
  })
  .map((pairs) => Object.fromEntries(pairs));

/** Few letters, in either case, so that actions and resources are often equal or match. */
const word = text("abAB", 1, 3);
export const action = fc.tuple(fc.constantFrom("s3", "ec2", "EC2"), word).map((parts) => parts.join(":"));
const actionPattern = fc.oneof(
  { weight: 3, arbitrary: action },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom("s3", "ec2"), text("abA*?", 1, 4)).map((parts) => parts.join(":")) },
  fc.constantFrom("*", "s3:*", "ec2:?*", "ec2:**"),
);

export const resource = text("ab/", 1, 3).map((path) => `arn:aws:s3:::${path}`);
const resourcePattern = fc.oneof(
  { weight: 2, arbitrary: resource },
  text(`ab/*?"'|\\\``, 1, 4).map((path) => `arn:aws:s3:::${path}`),
  fc.constant("*"),
);

const commandName = fc.oneof(
  text("abc-", 1, 3),
  text(`a|\`\\<*_"'é `, 1, 8).filter((name) => name.trim() === name),
  fc.constantFrom("__proto__", "constructor", "toString"),
);
const commandPermission = fc.oneof(
  actionPattern,
  fc.record({
    actions: fc.array(actionPattern, { minLength: 1, maxLength: 3 }),
    resources: fc.array(resourcePattern, { minLength: 1, maxLength: 3 }),
  }),
);

/** What each of a few commands needs, at least one action in all. */
export const commandPermissions = fc
  .uniqueArray(fc.tuple(commandName, fc.array(commandPermission, { maxLength: 4 })), {
    minLength: 1,
    maxLength: 4,
    selector: ([name]) => name,
  })
  .filter((entries) => entries.some(([, permissions]) => permissions.length > 0))
  .map((entries) => Object.fromEntries(entries));
