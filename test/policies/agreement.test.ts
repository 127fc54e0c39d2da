import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { identityPolicy, type SetupPolicy, trustPolicy } from "../../src/policies/index.js";
import { readAllowedRoles, refuseUnlessAllowed } from "../../src/request/allowed-roles.js";
import { RoleArn } from "../../src/request/role-arn.js";
import { type IssuedKeys, IssuedSessions } from "../../src/testing/issued-sessions.js";
import { readLocalRole, readPermissions } from "../../src/testing/local-role.js";
import { roleSessionIdentity } from "../../src/testing/role-identity.js";
import { findDenial, type TrustQuestion } from "../../src/testing/trust.js";
import { externalId, hostileRole, PARTITIONS, pattern, plainRole, sourceIdentity, tags } from "./arbitraries.js";

const TIMEOUT = 30_000;
const HOSTS = PARTITIONS.map((partition) => `arn:${partition}:iam::777788889999:role/host`);
const OTHER_HOST = "arn:aws:iam::777788889999:role/other";
const issued = new IssuedSessions();
const sessions = new Map(
  [...HOSTS, OTHER_HOST].map((roleArn) => [
    roleArn,
    issued.issue({ kind: "role", identity: roleSessionIdentity("roleArn", roleArn, "session") }),
  ]),
);
const partitionOf = (arn: string) => arn.split(":")[1] ?? "";

function isAllowedByLibrary(roles: readonly string[], role: string): boolean {
  try {
    refuseUnlessAllowed(readAllowedRoles("roles", roles) ?? [], new RoleArn(role));
    return true;
  } catch {
    return false;
  }
}

interface Request extends Pick<TrustQuestion, "externalId" | "sourceIdentity"> {
  tags?: Record<string, string>;
  transitiveTagKeys?: string[];
}

/** An account's administrator installs two documents. `host` then makes the call, and gets the denied action. */
function setUp(policy: SetupPolicy, trust: SetupPolicy) {
  const permissions = readPermissions("host", { policy: policy.document }, []);
  const trusting = readLocalRole({ roleArn: OTHER_HOST, trustPolicy: trust.document }).trust([]);
  return (host: string | IssuedKeys, roleArn: string, { tags = {}, ...request }: Request = {}) => {
    const caller = typeof host === "string" ? sessions.get(host)! : host;
    return findDenial({
      caller,
      permissions,
      trust: trusting,
      roleArn,
      roleSessionName: "session",
      transitiveTagKeys: [],
      surroundings: { time: 0, region: "us-east-1", userAgent: undefined, given: new Map() },
      tagged: Object.keys(tags).length > 0 || caller.transitiveTags.size > 0,
      ...request,
      sourceIdentity: request.sourceIdentity ?? caller.sourceIdentity,
      tags: new Map(Object.entries(tags)),
    })?.action;
  };
}

describe("the listed-roles policy and allowedRoles", () => {
  it("agree on every role", { timeout: TIMEOUT }, () => {
    const verdicts = { allowed: 0, refused: 0 };
    const scenes = fc.constantFrom(...HOSTS).chain((host) =>
      fc.record({
        host: fc.constant(host),
        roles: fc.array(fc.oneof(pattern(partitionOf(host)), plainRole(partitionOf(host))), {
          minLength: 1,
          maxLength: 4,
        }),
        asked: fc.array(plainRole(partitionOf(host)), { minLength: 1, maxLength: 8 }),
      }),
    );
    fc.assert(
      fc.property(scenes, ({ host, roles, asked }) => {
        const ask = setUp(
          identityPolicy({ variant: "listed-roles", roles, principal: host }),
          trustPolicy({ principal: host, role: `${host}-any` }),
        );
        for (const role of [...asked, ...roles.filter((entry) => !/[*?]/.test(entry))]) {
          const isAllowed = isAllowedByLibrary(roles, role);
          expect(ask(host, role)).toBe(isAllowed ? undefined : "sts:AssumeRole");
          verdicts[isAllowed ? "allowed" : "refused"]++;
        }
      }),
      { numRuns: 400 },
    );
    expect(Math.min(verdicts.allowed, verdicts.refused)).toBeGreaterThan(200);
  });

  it("treat a dollar sign in a path as a character, not as a policy variable", () => {
    const role = `arn:aws:iam::123456789012:role/\${aws}$/x`;
    const [principal = ""] = HOSTS;
    const policy = identityPolicy({ variant: "listed-roles", roles: [role], principal });
    expect(policy.document.Statement[0]?.Resource).toEqual([`arn:aws:iam::123456789012:role/\${$}{aws}\${$}/x`]);
    expect(setUp(policy, trustPolicy({ principal, role }))(principal, role)).toBeUndefined();
  });
});

describe("the two documents for one instance", () => {
  const scenes = fc.constantFrom(...HOSTS).chain((host) =>
    fc.record({
      host: fc.constant(host),
      roleArn: hostileRole(partitionOf(host)),
      tags: tags.filter((record) => !Object.keys(record).some((key) => /^(command|other)$/i.test(key))),
      authorTagKeys: fc.constantFrom([], ["command"]),
      externalId: fc.option(externalId, { nil: undefined }),
      sourceIdentity: fc.option(sourceIdentity, { nil: undefined }),
    }),
  );

  it("allow the instance's own request, but none with less or more", { timeout: TIMEOUT }, () => {
    fc.assert(
      fc.property(scenes, ({ host, authorTagKeys, ...settings }) => {
        const { roleArn, ...request } = { ...settings, transitiveTagKeys: Object.keys(settings.tags).slice(0, 1) };
        const documents = { instance: { roleArn, ...request }, authorTagKeys, principal: host };
        const ask = setUp(identityPolicy({ variant: "listed-roles", ...documents }), trustPolicy(documents));
        const denied = (change: Request = {}) => ask(host, roleArn, { ...request, ...change });
        expect(denied()).toBeUndefined();
        expect(ask(OTHER_HOST, roleArn, request)).toBe("sts:AssumeRole");

        const { tags, externalId, sourceIdentity } = request;
        expect(denied({ tags: { ...tags, command: "x" } })).toBe(authorTagKeys[0] ? undefined : "sts:TagSession");
        expect(denied({ tags: { ...tags, other: "x" } })).toBe("sts:TagSession");
        for (const [key, value] of Object.entries(tags)) {
          const { [key]: _, ...fewer } = tags;
          expect(denied({ tags: fewer, transitiveTagKeys: [] })).toBe("sts:AssumeRole");
          expect(denied({ tags: { ...tags, [key]: `${value}x` } })).toBe("sts:AssumeRole");
        }
        if (externalId !== undefined) {
          expect(denied({ externalId: undefined })).toBe("sts:AssumeRole");
          expect(denied({ externalId: `${externalId}x` })).toBe("sts:AssumeRole");
        }
        if (sourceIdentity === undefined) {
          expect(denied({ sourceIdentity: "ann" })).toBe("sts:SetSourceIdentity");
        } else {
          expect(denied({ sourceIdentity: undefined })).toBe("sts:AssumeRole");
          expect(denied({ sourceIdentity: `${sourceIdentity}x` })).toBe("sts:AssumeRole");
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("the four documents for an instance with a source role", () => {
  const scenes = fc.constantFrom(...HOSTS).chain((host) =>
    fc.record({
      host: fc.constant(host),
      hub: hostileRole(partitionOf(host)),
      roleArn: hostileRole(partitionOf(host)),
      hubTags: tags,
      transitive: fc.nat(5),
      ownTags: tags,
      ids: fc.tuple(
        fc.option(externalId, { nil: undefined }),
        fc.option(externalId, { nil: undefined }),
        fc.option(sourceIdentity, { nil: undefined }),
      ),
    }),
  );

  it("let both hops pass, but only from a session with the labels that are inherited", { timeout: TIMEOUT }, () => {
    fc.assert(
      fc.property(scenes, ({ host, hub, roleArn, hubTags, transitive, ownTags, ids }) => {
        fc.pre(hub !== roleArn);
        const [hubId, externalId, sourceIdentity] = ids;
        const transitiveTagKeys = Object.keys(hubTags).slice(0, transitive);
        const isInherited = (key: string) => transitiveTagKeys.some((own) => own.toLowerCase() === key.toLowerCase());
        const tags = Object.fromEntries(Object.entries(ownTags).filter(([key]) => !isInherited(key)));
        const first = { externalId: hubId, tags: hubTags, transitiveTagKeys, sourceIdentity };
        const second = { externalId, tags };
        const setup = { instance: { roleArn, ...second, sourceRole: { roleArn: hub, ...first } } };
        const listed = { variant: "listed-roles", ...setup } as const;

        const machine = identityPolicy({ ...listed, principal: host });
        const assumeHub = setUp(machine, trustPolicy({ ...setup, role: hub, principal: host }));
        expect(assumeHub(host, hub, first)).toBeUndefined();
        expect(assumeHub(OTHER_HOST, hub, first)).toBe("sts:AssumeRole");

        const inherited = new Map(transitiveTagKeys.map((key) => [key, hubTags[key] ?? ""]));
        const sessionOf = (change: Partial<Parameters<typeof issued.issue>[0]>) =>
          issued.issue({
            kind: "role",
            identity: roleSessionIdentity("roleArn", hub, "session"),
            sessionTags: new Map(Object.entries(hubTags)),
            transitiveTags: inherited,
            ...(sourceIdentity !== undefined && { sourceIdentity }),
            ...change,
          });
        const assumeRole = setUp(identityPolicy({ ...listed, principal: hub }), trustPolicy(setup));
        expect(assumeRole(sessionOf({}), roleArn, second)).toBeUndefined();
        for (const [key, value] of inherited) {
          const changed = new Map([...inherited, [key, `${value}x`]]);
          expect(assumeRole(sessionOf({ sessionTags: changed, transitiveTags: changed }), roleArn, second)).toBe(
            "sts:AssumeRole",
          );
        }
        if (sourceIdentity !== undefined) {
          const other = sessionOf({ sourceIdentity: `${sourceIdentity}x` });
          expect(assumeRole(other, roleArn, second)).toBe("sts:AssumeRole");
        }
        expect(assumeRole(host, roleArn, second)).toBe("sts:AssumeRole");
      }),
      { numRuns: 200 },
    );
  });
});
