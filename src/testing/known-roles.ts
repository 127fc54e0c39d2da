import { type KnownRole, type LocalRole, readLocalRole } from "./local-role.js";
import type { Organization } from "./organization.js";

const BEFORE_NAME = ":role/";

/** The roles that exist: single roles, and the roles of an organization's member accounts. */
export class KnownRoles {
  readonly #organization: Organization | undefined;
  readonly #single = new Map<string, KnownRole>();
  /** Roles that the test removed. Includes roles of member accounts, which are not in `#single`. */
  readonly #removed = new Set<string>();

  constructor(roles: readonly LocalRole[], organization: Organization | undefined) {
    this.#organization = organization;
    for (const role of roles) this.set(role);
  }

  set(role: LocalRole): void {
    this.#single.set(role.roleArn, readLocalRole(role));
    this.#removed.delete(role.roleArn);
  }

  remove(roleArn: string): void {
    this.#single.delete(roleArn);
    this.#removed.add(roleArn);
  }

  /** `undefined` if the role doesn't exist or its account can't be used. */
  find(roleArn: string): KnownRole | undefined {
    const accountId = roleArn.split(":")[4] ?? "";
    if (this.#organization?.isUsable(accountId) === false) return undefined;
    return this.#single.get(roleArn) ?? this.#findMemberRole(accountId, roleArn);
  }

  #findMemberRole(accountId: string, roleArn: string): KnownRole | undefined {
    if (this.#removed.has(roleArn)) return undefined;
    const roleName = roleArn.slice(roleArn.indexOf(BEFORE_NAME) + BEFORE_NAME.length);
    return this.#organization?.findMemberRole(accountId, roleName);
  }
}
