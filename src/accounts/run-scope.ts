import type { ClientConfigOf, SdkClientConstructor } from "../clients/client-types.js";
import { defineInstance } from "../define-instance.js";
import { currentResolver } from "../get-client-for-command.js";
import { type Accounts, findAccountsPartition } from "../request/accounts.js";
import { type CommandOverrides, readCommand } from "../request/command-overrides.js";
import { type InstanceSettings, type IntegrationInstance, readInstance } from "../request/integration-instance.js";
import { envRegion, given, readEnvRegion } from "../request/precedence.js";
import { findDefaultRegion } from "../request/regions.js";
import type { Chosen } from "../request/settings-table.js";
import { conflict } from "../request/validation.js";
import type { CredentialResolver, VerifiedIdentity } from "../resolver-types.js";
import { type Runtime, runtimeOf } from "../runtime.js";
import { LIST_ATTEMPTS, type MakeClient } from "./ask-aws.js";
import { actingIn, listingAs } from "./derived-instances.js";
import { listAccounts } from "./list-accounts.js";
import { listRegions, loadAccountClient } from "./list-regions.js";
import { type Plan, type PlannedAccount, planTargets } from "./plan.js";
import type { PlanDemand } from "./run-options.js";
import type { Turn } from "./run-targets.js";

/** The instance, command and options of one run. They are read once, so later changes to them have no effect. */
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
  /** The instance for work in the accounts. Defined once, so that it is validated only once. */
  readonly #actor: IntegrationInstance;
  readonly #partition: string;
  /** For services that have one endpoint for all regions of a partition. */
  readonly partitionRegion: string;

  /** @throws RolecallError `INVALID_REQUEST` */
  constructor(instance: IntegrationInstance, command: CommandOverrides | null | undefined, demand: PlanDemand) {
    this.#instance = defineInstance(instance);
    this.#settings = readInstance(this.#instance);
    this.#accounts = requireAccounts(this.#settings);
    const { roleArn, region, ...session } = readCommand(command);
    if (roleArn) {
      const hint = "Leave it out. In each account, the run uses the role that accounts.roleName of the instance names.";
      throw conflict(
        "command.roleArn",
        "names a single role, but the run uses one role per account",
        hint,
        roleArn.arn,
      );
    }
    if (region !== undefined && demand.regions) {
      throw conflict("options.regions", "is set together with command.region", "Set only one of them.");
    }
    this.#command = session;
    this.#wanted =
      given("options.regions", demand.regions) ?? given("command.region", region === undefined ? region : [region]);
    this.#demand = demand;
    this.#actor = defineInstance(actingIn(this.#accounts, this.#instance));
    this.resolver = demand.resolver ?? currentResolver();
    this.runtime = runtimeOf(this.resolver);
    const { sourceRole, region: fallback = envRegion(this.runtime.env).region } = this.#settings;
    const regions = { wanted: this.#wanted?.value, fallback };
    this.#partition = findAccountsPartition(this.#accounts, sourceRole, regions) ?? "aws";
    this.partitionRegion = findDefaultRegion(this.#partition) ?? "us-east-1";
  }

  get asksOrganization(): boolean {
    return this.#accounts.organization !== undefined;
  }

  /** Plans the accounts and regions. Synchronous, unless AWS Organizations must list the accounts. */
  plan(): Plan | Promise<Plan> {
    const { organization } = this.#accounts;
    if (!organization) return this.#plan(undefined);
    const lister = listingAs(organization.roleArn, this.partitionRegion, this.#instance);
    const makeClient: MakeClient = (Client) =>
      this.resolver.getClientForCommand(Client, lister, {}, { clientConfig: toListConfig(this.#settings) as never });
    return listAccounts(organization, makeClient, this.#demand.signal).then((listed) => this.#plan(listed));
  }

  /** Fails early without the package that lists regions. Otherwise, a run would fail in one account after another. */
  async assertCanList(plan: Plan): Promise<Plan> {
    if (plan.accounts.some(({ regions }) => regions.known === undefined)) await loadAccountClient();
    return plan;
  }

  /** Makes sure that there are credentials for an account. */
  readonly credentials = async ({ account, signal, begin }: Turn): Promise<void> => {
    const { session } = this.#demand;
    await this.resolver.resolve(this.#actorIn(account), this.#commandIn(account), { session, signal, onTurn: begin });
  };

  readonly verify = ({ account, signal, begin }: Turn): Promise<VerifiedIdentity> => {
    const { session } = this.#demand;
    return this.resolver.verify(this.#actorIn(account), this.#commandIn(account), { session, signal, onTurn: begin });
  };

  /** Lists the regions that are enabled in an account. */
  readonly regions = ({ account, signal, begin }: Turn): Promise<readonly string[]> => {
    begin();
    const makeClient: MakeClient = (Client) =>
      this.client(Client, account, this.partitionRegion, toListConfig(this.#settings));
    return listRegions(account.roleArn, makeClient, signal);
  };

  client<K extends SdkClientConstructor>(
    Client: K,
    account: PlannedAccount,
    region: string | undefined,
    clientConfig: object | undefined,
  ): InstanceType<K> {
    const command = { ...this.#commandIn(account), region };
    const options = { session: this.#demand.session, clientConfig: clientConfig as ClientConfigOf<K> };
    return this.resolver.getClientForCommand(Client, this.#actorIn(account), command, options);
  }

  #plan(listed: Parameters<typeof planTargets>[0]["listed"]): Plan {
    const { allowedRoles, region } = this.#settings;
    const plan = planTargets({
      accounts: this.#accounts,
      allowedRoles,
      partition: this.#partition,
      listed,
      accountIds: this.#demand.accountIds,
      regions: this.#wanted,
      defaultRegion: given("instance.region", region) ?? readEnvRegion(this.runtime.env),
    });
    this.#assertServable(plan.accounts);
    return plan;
  }

  /** Validates one account's request. Apart from the role, an error in it would affect every account. */
  #assertServable([first]: readonly PlannedAccount[]): void {
    if (first) this.resolver.provider(this.#actorIn(first), this.#commandIn(first), { session: this.#demand.session });
  }

  #actorIn({ externalId }: PlannedAccount): IntegrationInstance {
    return externalId === this.#accounts.externalId ? this.#actor : { ...this.#actor, externalId };
  }

  #commandIn({ roleArn }: PlannedAccount): CommandOverrides {
    return { ...this.#command, roleArn };
  }
}

/** Makes more attempts than a command does, because a run depends on its lists. */
function toListConfig({ network }: InstanceSettings): object {
  return network?.maxAttempts === undefined ? { maxAttempts: LIST_ATTEMPTS } : {};
}

function requireAccounts({ accounts }: InstanceSettings): Accounts {
  if (accounts) return accounts;
  const hint = "Set roleName and ids, or roleName and organization.";
  throw conflict("instance.accounts", "is missing", hint);
}
