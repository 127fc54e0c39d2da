import { describe, expect, it } from "vitest";
import { linksOf } from "../../src/request/chain.js";
import { ACCOUNT, CHINA_ROLE, expectInvalid, type Input, OTHER_ROLE, ROLE, requestOf } from "./support.js";

const HUB = `arn:aws:iam::${ACCOUNT}:role/Hub`;

const behindHub = ({ instance, ...input }: Input) =>
  requestOf({ ...input, instance: { roleArn: ROLE, sourceRole: HUB, ...(instance as object | undefined) } });
const hubOf = (input: Input) => behindHub(input).chain.parent;

describe("a source role", () => {
  it("is assumed by the base identity, and assumes the role of the command", () => {
    const links = linksOf(behindHub({ command: { roleArn: OTHER_ROLE } }).chain);
    expect(links.map(({ step, assumption }) => [step, assumption?.role.arn])).toEqual([
      ["base-identity", undefined],
      ["source-role", HUB],
      ["assume-role", OTHER_ROLE],
    ]);
  });

  it("is one session for all roles behind it", () => {
    expect(hubOf({ command: { roleArn: OTHER_ROLE, region: "us-east-1" } })?.key).toBe(hubOf({})?.key);
    expect(hubOf({ instance: { externalId: "of-the-target", tags: { team: "blue" } } })?.key).toBe(hubOf({})?.key);
  });

  it.each([
    ["another source role", { sourceRole: OTHER_ROLE }],
    ["its external id", { sourceRole: { roleArn: HUB, externalId: "of-the-hub" } }],
    ["its session name", { sourceRole: { roleArn: HUB, roleSessionName: "hub" } }],
    ["its duration", { sourceRole: { roleArn: HUB, roleSessionDuration: 7200 } }],
    ["its tags", { sourceRole: { roleArn: HUB, tags: { team: "blue" } } }],
    ["its source identity", { sourceRole: { roleArn: HUB, sourceIdentity: "Ada" } }],
    ["the roles that it may assume", { allowedRoles: [ROLE] }],
    ["no source role", { sourceRole: undefined }],
  ])("makes the command's session another one by %s", (_, instance) => {
    expect(behindHub({ instance }).chain.key).not.toBe(behindHub({}).chain.key);
    expect(behindHub({ instance }).chain.digest).not.toBe(behindHub({}).chain.digest);
  });

  it("keeps its external id apart from that of the command's role", () => {
    const sourceRole = { roleArn: HUB, externalId: "of-the-hub" };
    const { chain } = behindHub({ instance: { sourceRole, externalId: "of-the-target" } });
    expect(linksOf(chain).map(({ assumption }) => assumption?.externalId)).toEqual([
      undefined,
      "of-the-hub",
      "of-the-target",
    ]);
    expect(hubOf({ instance: { externalId: "of-the-target" } })?.assumption?.externalId).toBeUndefined();
  });

  describe("has a session policy", () => {
    const resourceOf = (allowedRoles: unknown) => {
      const [statement, ...others] = JSON.parse(
        hubOf({ instance: { allowedRoles } })?.assumption?.policy ?? "",
      ).Statement;
      expect(others).toEqual([]);
      expect(statement.Effect).toBe("Allow");
      expect(statement.Action).toEqual(["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]);
      return statement.Resource;
    };

    it("that allows the roles of the list", () => {
      const pattern = "arn:*:iam::*:role/audit-$*";
      const named = { roleArn: OTHER_ROLE, externalId: "of-the-target" };
      expect(resourceOf([ROLE, pattern, named, CHINA_ROLE])).toEqual([
        `arn:aws:iam::*:role/audit-\${$}*`,
        ROLE,
        OTHER_ROLE,
      ]);
    });

    it("that allows every role without a list", () => {
      expect(resourceOf(undefined)).toBe("*");
    });

    it("that allows every role if the list does not fit", () => {
      const many = Array.from({ length: 40 }, (_, index) => `arn:aws:iam::${ACCOUNT}:role/department/role-${index}`);
      expect(resourceOf([ROLE, ...many])).toBe("*");
      expect(resourceOf([ROLE, ...many.slice(0, 10)])).toHaveLength(11);
    });
  });

  it.each<[string, Input, string, RegExp]>([
    ["without a role", { instance: { roleArn: undefined } }, "instance.sourceRole", /without a role to assume/],
    ["for itself", { command: { roleArn: HUB } }, "command.roleArn", /is the instance's sourceRole/],
    [
      "for a role of another partition",
      { command: { roleArn: CHINA_ROLE } },
      "instance.sourceRole",
      /partition aws, but the role is in partition aws-cn/,
    ],
    [
      "of more than an hour, by the command",
      { command: { roleSessionDuration: "3601" } },
      "command.roleSessionDuration",
      /is 3601, but.*limits a session to one hour.*Set at most 3600/,
    ],
    [
      "of more than an hour, by the instance",
      { instance: { roleSessionDuration: 7200 } },
      "instance.roleSessionDuration",
      /is 7200/,
    ],
    [
      "with a tag that the instance makes transitive at the source role",
      {
        instance: {
          sourceRole: { roleArn: HUB, tags: { team: "blue" }, transitiveTagKeys: ["team"] },
          tags: { Team: "blue" },
        },
      },
      "instance.tags.Team",
      /transitive tag of instance\.sourceRole/,
    ],
    [
      "with an author's tag that is transitive at the source role",
      {
        instance: { sourceRole: { roleArn: HUB, tags: { team: "blue" }, transitiveTagKeys: ["team"] } },
        session: { tags: { team: "blue" } },
      },
      "options.session.tags.team",
      /transitive tag/,
    ],
    [
      "with a source identity that differs",
      { instance: { sourceRole: { roleArn: HUB, sourceIdentity: "Ada" } }, session: { sourceIdentity: "Bob" } },
      "options.session.sourceIdentity",
      /differs from the source identity of instance\.sourceRole/,
    ],
    [
      "with a source role in the command",
      { command: { source_role: HUB } },
      "command.source_role",
      /can be set only in the instance/,
    ],
    [
      "with an unknown setting",
      { instance: { sourceRole: { roleArn: HUB, role: HUB } } },
      "instance.sourceRole.role",
      /./,
    ],
    ["without the ARN", { instance: { sourceRole: {} } }, "instance.sourceRole.roleArn", /is missing/],
    ["with an empty ARN", { instance: { sourceRole: "" } }, "instance.sourceRole", /empty string/],
    ["with a number", { instance: { sourceRole: 5 } }, "instance.sourceRole", /a number/],
    [
      "with a duration out of range",
      { instance: { sourceRole: { roleArn: HUB, roleSessionDuration: 60 } } },
      "instance.sourceRole.roleSessionDuration",
      /from 900 to 43200/,
    ],
    [
      "with a transitive key that is no tag",
      { instance: { sourceRole: { roleArn: HUB, transitiveTagKeys: ["team"] } } },
      "instance.sourceRole.transitiveTagKeys[0]",
      /not a tag of the session/,
    ],
    [
      "with an external id that is null",
      { instance: { sourceRole: { roleArn: HUB, externalId: null } } },
      "instance.sourceRole.externalId",
      /is null/,
    ],
  ])("refuses a request %s", (_, input, field, message) => {
    expectInvalid(() => behindHub(input), field, message);
  });

  it("lets a role set what the source role leaves open", () => {
    const sourceRole = { roleArn: HUB, tags: { team: "blue" }, roleSessionDuration: 7200 };
    const instance = { sourceRole, tags: { team: "red" }, sourceIdentity: "Ada", roleSessionDuration: 3600 };
    const { chain } = behindHub({ instance });
    expect(chain.assumption).toMatchObject({ tags: { team: "red" }, sourceIdentity: "Ada", durationSeconds: 3600 });
    expect(chain.parent?.assumption).toMatchObject({ tags: { team: "blue" }, durationSeconds: 7200 });
  });
});
