import type { Organization } from "./organization.js";

/** The regions that AWS enables in every account, in the partition `aws`. */
export const DEFAULT_REGIONS: readonly string[] = [
  "ap-northeast-1",
  "ap-northeast-2",
  "ap-northeast-3",
  "ap-south-1",
  "ap-southeast-1",
  "ap-southeast-2",
  "ca-central-1",
  "eu-central-1",
  "eu-north-1",
  "eu-west-1",
  "eu-west-2",
  "eu-west-3",
  "sa-east-1",
  "us-east-1",
  "us-east-2",
  "us-west-1",
  "us-west-2",
];

/** The regions that are disabled in a new account. */
const OPT_IN_REGIONS = [
  "af-south-1",
  "ap-east-1",
  "ap-east-2",
  "ap-south-2",
  "ap-southeast-3",
  "ap-southeast-4",
  "ap-southeast-5",
  "ap-southeast-6",
  "ap-southeast-7",
  "ca-west-1",
  "eu-central-2",
  "eu-south-1",
  "eu-south-2",
  "il-central-1",
  "me-central-1",
  "me-south-1",
  "mx-central-1",
];

/** A region, as an account sees it. */
export interface AccountRegion {
  readonly name: string;
  readonly isOptIn: boolean;
  readonly isEnabled: boolean;
}

/** Which regions are enabled in which account. */
export class AccountRegions {
  readonly #disabled: ReadonlySet<string>;
  readonly #organization: Organization | undefined;

  constructor(disabled: readonly string[], organization: Organization | undefined) {
    this.#disabled = new Set(disabled);
    this.#organization = organization;
  }

  /** Whether the region is disabled in every account. */
  isDisabled(region: string): boolean {
    return this.#disabled.has(region);
  }

  /** In an account outside the organization, every region is enabled unless the test disabled it. */
  isEnabled(accountId: string, region: string): boolean {
    if (this.#disabled.has(region)) return false;
    return this.#listed(accountId)?.includes(region) ?? true;
  }

  /** All regions, enabled or not. */
  list(accountId: string): readonly AccountRegion[] {
    const names = new Set([...DEFAULT_REGIONS, ...OPT_IN_REGIONS, ...(this.#listed(accountId) ?? [])]);
    return [...names].sort().map((name) => ({
      name,
      isOptIn: OPT_IN_REGIONS.includes(name),
      isEnabled: this.isEnabled(accountId, name),
    }));
  }

  #listed(accountId: string): readonly string[] | undefined {
    const account = this.#organization?.find(accountId);
    return account === undefined ? undefined : (account.regions ?? DEFAULT_REGIONS);
  }
}
