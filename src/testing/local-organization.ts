import type { LocalRole } from "./local-role.js";

/** The state of an account, as Organizations reports it. */
export type LocalAccountState = "PENDING_ACTIVATION" | "ACTIVE" | "SUSPENDED" | "PENDING_CLOSURE" | "CLOSED";

/** An account of a {@link LocalOrganization}. */
export interface LocalAccount {
  /** 12 digits. */
  id: string;
  /** Default: `Account <id>`. */
  name?: string;
  /**
   * Nobody can assume a role in an account unless it is `ACTIVE` or `PENDING_CLOSURE`. STS returns AccessDenied, as for
   * a role that doesn't exist. Default `"ACTIVE"`.
   */
  state?: LocalAccountState;
  /**
   * The root or OU that the account is in, as Organizations writes its path:
   * `o-exampleorgid/r-examplerootid111/ou-examplerootid111-exampleouid111/`. Default: the root.
   */
  path?: string;
  /**
   * All regions that are enabled in the account. Default: the regions that AWS enables in every account. In AWS, you
   * cannot disable these regions; here, you can.
   */
  regions?: readonly string[];
  /**
   * Whether the account has the roles in `organization.memberRoles`. Default `true`, and `false` for the management
   * account, as with a StackSet.
   */
  memberRoles?: boolean;
}

/** A role that exists in many accounts. See {@link LocalRole}. */
export interface LocalMemberRole extends Omit<LocalRole, "roleArn"> {
  /** The path and name, such as `Audit` or `integrations/Audit`. */
  roleName: string;
}

/** An organization in AWS Organizations. Accounts outside it exist, too. */
export interface LocalOrganization {
  /**
   * The member accounts: ids, or objects for accounts that differ from the default. ListAccounts returns them in this
   * order. It returns the management account first, unless the list contains it.
   */
  accounts: readonly (string | LocalAccount)[];
  /** Default: the account of the platform's default role, `"111122223333"`. */
  managementAccountId?: string;
  /** The member accounts that may also call Organizations and list the regions of other accounts. Default: none. */
  delegatedAdministrators?: readonly string[];
  /** The roles that exist in every member account. `LocalAws.setRole` replaces one in a single account. Default: none. */
  memberRoles?: readonly LocalMemberRole[];
  /** Default `"o-exampleorgid"`. */
  id?: string;
  /**
   * The fields in which ListAccounts reports an account's state. `Status` has fewer values, and AWS plans to remove it.
   * Default: both.
   */
  stateFields?: readonly ("State" | "Status")[];
  /** The maximum number of accounts or regions in a page. Default: 20 accounts, 50 regions. */
  pageSize?: number;
  /** The number of empty pages, each with a token, before each page of accounts. Default 0. */
  emptyPages?: number;
}
