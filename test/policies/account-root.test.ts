import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { createCredentialResolver } from "../../src/index.js";
import { identityPolicy, type SetupPolicy, trustPolicy } from "../../src/policies/index.js";
import { startLocalAws } from "../../src/testing/index.js";
import { IssuedSessions } from "../../src/testing/issued-sessions.js";
import { readLocalRole, readPermissions } from "../../src/testing/local-role.js";
import { roleSessionIdentity } from "../../src/testing/role-identity.js";
import { findDenial } from "../../src/testing/trust.js";
import { hostileRole, PARTITIONS } from "./arbitraries.js";

const HOST = "arn:aws:iam::111122223333:role/integrations/integration-host";
const ELSEWHERE = "arn:aws:iam::123456789012:role/Inventory";
const AT_HOME = "arn:aws:iam::111122223333:role/Inventory";

/** The machine, with a policy for the roles in `listed`. Each role trusts HOST through its account. */
async function setUp(host: string, listed: readonly string[]) {
  const { document: policy } = identityPolicy({ variant: "listed-roles", roles: listed });
  const roles = [ELSEWHERE, AT_HOME].map((role) => ({
    roleArn: role,
    trustPolicy: trustPolicy({ role, principal: HOST, accountRoot: true, externalId: "acme-4711" }).document,
  }));
  const aws = await startLocalAws({ processEnv: true, instanceProfile: { roleArn: host, policy }, roles });
  const resolver = createCredentialResolver();
  onTestFinished(async () => {
    await resolver.close();
    await aws.close();
  });
  return (roleArn: string, externalId = "acme-4711") =>
    resolver.resolve({ roleArn, externalId, region: "eu-central-1" }).then(
      ({ assumedRoleArn }) => assumedRoleArn?.split("/")[1],
      ({ code }) => code,
    );
}

describe("a role that trusts the account of the machine's role", () => {
  it("can be assumed by the machine's role, in its account and in another one", async () => {
    const assume = await setUp(HOST, [ELSEWHERE, AT_HOME]);
    expect(await assume(ELSEWHERE)).toBe("Inventory");
    expect(await assume(AT_HOME)).toBe("Inventory");
    expect(await assume(ELSEWHERE, "other")).toBe("ASSUME_ROLE_DENIED");
  });

  it.each([
    "arn:aws:iam::111122223333:role/integration-host",
    "arn:aws:iam::111122223333:role/integrations/integration-host-2",
    "arn:aws:iam::444455556666:role/integrations/integration-host",
  ])("cannot be assumed by %s", async (other) => {
    const assume = await setUp(other, [ELSEWHERE, AT_HOME]);
    expect(await assume(ELSEWHERE)).toBe("ASSUME_ROLE_DENIED");
    expect(await assume(AT_HOME)).toBe("ASSUME_ROLE_DENIED");
  });

  it("cannot be assumed without a permission in the machine's own policy, not even in the same account", async () => {
    const assume = await setUp(HOST, ["arn:aws:iam::123456789012:role/Audit"]);
    expect(await assume(ELSEWHERE)).toBe("ASSUME_ROLE_DENIED");
    expect(await assume(AT_HOME)).toBe("ASSUME_ROLE_DENIED");
  });
});

const issued = new IssuedSessions();
const { document: anyRole } = identityPolicy({ variant: "any-role" });
const PERMISSIONS = readPermissions("caller", { policy: anyRole }, []);

/** Which action is denied to a session of `caller`, whose own policy allows it to assume every role. */
function denied(policy: SetupPolicy, caller: string): string | undefined {
  const roleArn = policy.roleArn ?? "";
  const identity = roleSessionIdentity("roleArn", caller, "session");
  return findDenial({
    caller: issued.issue({ kind: "role", identity }),
    permissions: PERMISSIONS,
    trust: readLocalRole({ roleArn, trustPolicy: policy.document }).trust([]),
    roleArn,
    roleSessionName: "session",
    tags: new Map(),
    transitiveTagKeys: [],
    tagged: false,
    surroundings: { time: 0, region: "us-east-1", userAgent: undefined, given: new Map() },
  })?.action;
}

it("the account root admits the same callers as their names, if their own policies allow the call", {
  timeout: 30_000,
}, () => {
  const verdicts = { admitted: 0, denied: 0 };
  const scenes = fc.constantFrom(...PARTITIONS).chain((partition) =>
    fc.record({
      role: hostileRole(partition),
      principals: fc.array(hostileRole(partition), { minLength: 1, maxLength: 3 }),
      others: fc.array(hostileRole(partition), { maxLength: 3 }),
    }),
  );
  fc.assert(
    fc.property(scenes, ({ role, principals, others }) => {
      const byName = trustPolicy({ role, principal: principals });
      const byAccount = trustPolicy({ role, principal: principals, accountRoot: true });
      const withoutPath = principals.map((arn) => arn.replace(/:role\/.*\//, ":role/"));
      const elsewhere = principals.map((arn) => arn.replace(/\d{12}/, "777788889999"));
      for (const caller of [...principals, ...others, ...withoutPath, ...elsewhere]) {
        const expected = principals.includes(caller) ? undefined : "sts:AssumeRole";
        expect(denied(byAccount, caller)).toBe(expected);
        expect(denied(byName, caller)).toBe(expected);
        verdicts[expected === undefined ? "admitted" : "denied"]++;
      }
    }),
    { numRuns: 150 },
  );
  expect(Math.min(verdicts.admitted, verdicts.denied)).toBeGreaterThan(200);
});
