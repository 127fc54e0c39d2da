import type { ClientConfigOf, SdkClientConstructor } from "../clients/client-types.js";
import { defineInstance } from "../define-instance.js";
import { currentResolver } from "../get-client-for-command.js";
import type { Accounts } from "../request/accounts.js";
import { type CommandOverrides, readCommand } from "../request/command-overrides.js";
import { type InstanceSettings, type IntegrationInstance, readInstance } from "../request/integration-instance.js";
import { envRegion, given } from "../request/precedence.js";
import { findDefaultRegion, findPartition, readRegion } from "../request/regions.js";
import type { Chosen } from "../request/settings-table.js";
import { conflict } from "../request/validation.js";
import type { CredentialResolver, VerifiedIdentity } from "../resolver-types.js";
import { type Runtime, runtimeOf } from "../runtime.js";
import { LIST_ATTEMPTS } from "./ask-aws.js";
import { listAccounts } from "./list-accounts.js";
import { listRegions } from "./list-regions.js";
import { type Plan, type PlannedAccount, planTargets } from "./plan.js";
import type { PlanDemand } from "./run-options.js";
import type { Turn } from "./run-targets.js";

/** Instance, command and options of one run, read once: later changes to them do not count. */
export class RunScope {
  readonly resolver: CredentialResolver;
  readonly runtime: Runtime;
  readonly #instance: IntegrationInstance;
  readonly #settings: InstanceSettings;
  readonly #accounts: Accounts;
  readonly #command: Pick<CommandOverrides, "roleSessionName" | "roleSessionDuration">;
  /** The regions that the caller narrows the run to. */
  readonly #wanted: Chosen<readonly string[]> | undefined;
  readonly #demand: PlanDemand;

  /** @throws RolecallError `INVALID_REQUEST` */
  constructor(instance: IntegrationInstance, command: CommandOverrides | null | undefined, demand: PlanDemand) {
    this.#instance = defineInstance(instance);
    this.#settings = readInstance(this.#instance);
    this.#accounts = requireAccounts(this.#settings);
    const { roleArn, region, ...session } = readCommand(command);
    if (roleArn) {
      const hint = "Leave it out: the role of each account is accounts.roleName of the instance.";
      throw conflict("command.roleArn", "names one role, and the run has one for each account", hint, roleArn.arn);
    }
    if (region !== undefined && demand.regions) {
      throw conflict("options.regions", "is set together with command.region", "Set only one of them.");
    }
    this.#command = session;
    this.#wanted =
      given("options.regions", demand.regions) ?? given("command.region", region === undefined ? region : [region]);
    this.#demand = demand;
    this.resolver = demand.resolver ?? currentResolver();
    this.runtime = runtimeOf(this.resolver);
  }

  get asksOrganization(): boolean {
    return this.#accounts.organization !== undefined;
  }

  /** Which accounts and regions; at once unless the organization has to be asked. */
  plan(): Plan | Promise<Plan> {
    const { organization } = this.#accounts;
    if (!organization) return this.#plan(undefined);
    const makeClient = <K extends SdkClientConstructor>(Client: K) => {
      const config = this.#listConfig() as ClientConfigOf<K>;
      return this.resolver.getClientForCommand(Client, this.#lister(), {}, { clientConfig: config });
    };
    return listAccounts(organization, makeClient, this.#demand.signal).then((listed) => this.#plan(listed));
  }

  /** Sees to it that there are credentials for an account. */
  readonly credentials = async ({ account, signal, begin }: Turn): Promise<void> => {
    const { session } = this.#demand;
    await this.resolver.resolve(this.#actAs(account), this.#command, { session, signal, onTurn: begin });
  };

  readonly verify = ({ account, signal, begin }: Turn): Promise<VerifiedIdentity> => {
    const { session } = this.#demand;
    return this.resolver.verify(this.#actAs(account), this.#command, { session, signal, onTurn: begin });
  };

  /** Asks AWS which regions are enabled in an account. */
  readonly regions = ({ account, signal, begin }: Turn): Promise<readonly string[]> => {
    begin();
    return listRegions(
      account.roleArn,
      (Client) =>
        this.client(Client, account, this.partitionRegion, this.#listConfig() as ClientConfigOf<typeof Client>),
      signal,
    );
  };

  client<K extends SdkClientConstructor>(
    Client: K,
    account: PlannedAccount,
    region: string | undefined,
    clientConfig: ClientConfigOf<K> | undefined,
  ): InstanceType<K> {
    const { session } = this.#demand;
    const command = { ...this.#command, region };
    return this.resolver.getClientForCommand(Client, this.#actAs(account), command, { session, clientConfig });
  }

  #plan(listed: Parameters<typeof planTargets>[0]["listed"]): Plan {
    const { allowedRoles, externalId, region } = this.#settings;
    const environment = envRegion(this.runtime.env);
    return planTargets({
      accounts: this.#accounts,
      allowedRoles,
      externalId,
      partition: this.#partition,
      listed,
      accountIds: this.#demand.accountIds,
      regions: this.#wanted,
      defaultRegion:
        given("instance.region", region) ?? given(environment.name, readRegion(environment.name, environment.region)),
    });
  }

  /** The partition of the roles, for which the settings name no ARN. */
  get #partition(): string {
    const { sourceRole, region } = this.#settings;
    const { organization, regions, ids } = this.#accounts;
    const named = sourceRole?.role ?? organization?.roleArn;
    if (named) return named.partition;
    const lists = [this.#wanted?.value, regions, ...(ids ?? []).map((entry) => entry.regions)];
    const [first] = lists.flatMap((list) => (list === "enabled" ? [] : (list ?? [])));
    return findPartition(first ?? region ?? envRegion(this.runtime.env).region ?? "") ?? "aws";
  }

  /** For services that have one endpoint for all regions of a partition. */
  get partitionRegion(): string {
    return findDefaultRegion(this.#partition) ?? "us-east-1";
  }

  /** The instance as it acts in one account. */
  #actAs({ roleArn, externalId = this.#instance.externalId }: PlannedAccount): IntegrationInstance {
    return { ...this.#instance, accounts: undefined, roleArn, externalId };
  }

  /** The instance as it lists the accounts: as a role that can do nothing else, or as the base identity. */
  #lister(): IntegrationInstance {
    const role = this.#accounts.organization?.roleArn;
    const shared = { ...this.#instance, accounts: undefined, region: this.partitionRegion };
    const without = { allowedRoles: undefined, policyArns: undefined, roleSessionDuration: undefined };
    if (role) return { ...shared, ...without, roleArn: role.arn, allowedRoles: [role.arn], policy: MAY_LIST };
    const nothing = { roleArn: undefined, externalId: undefined, policy: undefined, tags: undefined };
    return {
      ...shared,
      ...without,
      ...nothing,
      transitiveTagKeys: undefined,
      sourceIdentity: undefined,
      sourceRole: undefined,
    };
  }

  #listConfig(): object {
    return this.#settings.network?.maxAttempts === undefined ? { maxAttempts: LIST_ATTEMPTS } : {};
  }
}

/** The session policy of the role that lists the accounts. */
const MAY_LIST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "organizations:ListAccounts", Resource: "*" }],
});

function requireAccounts({ accounts }: InstanceSettings): Accounts {
  if (accounts) return accounts;
  const hint = "Set roleName and ids, or roleName and organization.";
  throw conflict("instance.accounts", "is missing", hint);
}
