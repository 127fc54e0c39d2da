import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import {
  type CredentialResolver,
  type IntegrationInstance,
  isRolecallError,
  type SessionCredentials,
} from "../../src/index.js";
import type { ManualClock } from "../../src/testing/index.js";
import { SECOND } from "../support/local.js";
import { type SoakRole, soakRole } from "./roles.js";

/**
 * One command in this many calls AWS, and the record shows who signed it. The others request credentials like the SDK
 * does.
 */
const REALLY_SENT_ONE_IN = 1000;
/** A session is served until ten seconds before its expiration, which AWS states in whole seconds. */
const SERVED_UNTIL = 11 * SECOND;

export interface CommandsOptions {
  readonly resolver: CredentialResolver;
  readonly clock: ManualClock;
  readonly endpoint: string;
  readonly roles: number;
  readonly random: () => number;
  /** Whether credentials requested at one time may be missing at another, both in ms of the monotonic clock. */
  isExcused(asked: number, refused: number): boolean;
}

interface Command {
  readonly number: number;
  readonly role: SoakRole;
  /** Whether it calls AWS. */
  readonly sent: boolean;
  /** Milliseconds of the monotonic clock. */
  readonly asked: number;
  readonly turn: number;
  /** Whether its role had no session yet. */
  readonly isFirst: boolean;
  /** Whether its role had a valid session. */
  readonly wasValid: boolean;
}

/** The commands of a soak run, and their results. */
export class Commands {
  readonly #options: CommandsOptions;
  readonly #instance: IntegrationInstance;
  readonly #roles: readonly SoakRole[];
  /** By role: epoch ms until which its last session is served. */
  readonly #servedUntil: Float64Array;
  /** By role: when it was first requested, in ms of the monotonic clock. */
  readonly #firstAsked: Float64Array;
  readonly #failures = new Map<string, number>();
  readonly #wrong: string[] = [];
  #turn = 0;
  #issued = 0;
  #reallySent = 0;
  #open = 0;
  #waited = 0;
  #waitedForFirst = 0;
  #waitedInVain = 0;
  #worstWait = 0;
  #unexcused = 0;

  constructor(options: CommandsOptions) {
    this.#options = options;
    this.#instance = { region: "us-east-1", sts: { region: "us-east-1", endpoint: options.endpoint } };
    this.#roles = Array.from({ length: options.roles }, (_, number) => soakRole(number));
    this.#servedUntil = new Float64Array(options.roles);
    this.#firstAsked = new Float64Array(options.roles).fill(Number.NaN);
  }

  /** Commands without a result. */
  get open(): number {
    return this.#open;
  }

  get firstAsked(): number[] {
    return [...this.#firstAsked].filter((at) => !Number.isNaN(at));
  }

  get counts() {
    return {
      issued: this.#issued,
      reallySent: this.#reallySent,
      /** Commands that got no result at once. */
      waited: this.#waited,
      /** Of these, for a role that had no session yet. */
      waitedForFirst: this.#waitedForFirst,
      /** Of these, for a role whose session was valid. */
      waitedInVain: this.#waitedInVain,
      /** Milliseconds of simulated time. */
      worstWait: this.#worstWait,
      failures: Object.fromEntries(this.#failures),
      /** Failed although a session was valid or available. */
      unexcused: this.#unexcused,
      /** Results with credentials of a different role, or with expired ones. */
      wrong: this.#wrong,
    };
  }

  /** Issues commands of random roles. Those that need no I/O have their result when this resolves. */
  async issue(count: number): Promise<void> {
    for (let command = 0; command < count; command++) this.#issueOne();
    await new Promise((resolve) => setImmediate(resolve));
    this.#turn++;
  }

  #issueOne(): void {
    const { resolver, clock, endpoint, random } = this.#options;
    const number = Math.floor(random() * this.#roles.length);
    const role = this.#roles[number] as SoakRole;
    const sent = ++this.#issued % REALLY_SENT_ONE_IN === 0;
    const command: Command = {
      number,
      role,
      sent,
      asked: clock.monotonic(),
      turn: this.#turn,
      isFirst: this.#servedUntil[number] === 0,
      wasValid: (this.#servedUntil[number] as number) > clock.now(),
    };
    if (Number.isNaN(this.#firstAsked[number])) this.#firstAsked[number] = command.asked;
    const client = resolver.getClientForCommand(
      STSClient,
      this.#instance,
      { roleArn: role.roleArn },
      { clientConfig: { endpoint } },
    );
    this.#open++;
    const answer = sent ? this.#send(client, command) : this.#ask(client, command);
    answer.then(
      () => this.#end(command),
      (error) => {
        this.#end(command);
        this.#noteFailure(error, command);
      },
    );
  }

  async #send(client: STSClient, { role }: Command): Promise<void> {
    this.#reallySent++;
    const { Arn } = await client.send(new GetCallerIdentityCommand({}));
    if (Arn !== role.assumedRoleArn) this.#wrong.push(`signed as ${Arn} for ${role.roleArn}`);
  }

  async #ask(client: STSClient, { role, number }: Command): Promise<void> {
    const { clock } = this.#options;
    const session = (await client.config.credentials()) as SessionCredentials;
    if (session.assumedRoleArn !== role.assumedRoleArn || session.accountId !== role.accountId) {
      this.#wrong.push(`${session.assumedRoleArn} for ${role.roleArn}`);
    }
    const expiration = session.expiration?.getTime() ?? 0;
    if (expiration <= clock.now()) this.#wrong.push(`an expired session for ${role.roleArn}`);
    this.#servedUntil[number] = expiration - SERVED_UNTIL;
  }

  #end({ asked, turn, sent, isFirst, wasValid }: Command): void {
    this.#open--;
    this.#worstWait = Math.max(this.#worstWait, this.#options.clock.monotonic() - asked);
    if (sent || turn === this.#turn) return;
    this.#waited++;
    if (isFirst) this.#waitedForFirst++;
    if (wasValid) this.#waitedInVain++;
  }

  #noteFailure(error: unknown, { asked, wasValid }: Command): void {
    const code = isRolecallError(error) ? error.code : String(error);
    this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1);
    if (wasValid || !this.#options.isExcused(asked, this.#options.clock.monotonic())) this.#unexcused++;
  }
}
