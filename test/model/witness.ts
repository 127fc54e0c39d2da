import { AsyncLocalStorage } from "node:async_hooks";
import { Violation, violated } from "./invariants.js";
import {
  answered,
  asked,
  CALL_LIMIT,
  doubted,
  EXPIRY_MARGIN,
  elapsed,
  failed,
  invalidated,
  type KeyModel,
  type Load,
  type Moment,
  mayAsk,
  mayBeLoading,
  mustRest,
  NEW_KEY,
  refused,
  slept,
  troubled,
} from "./reference-model.js";
import { HUBS, type HubName, hubOf, ROLE_NAMES, type RoleName } from "./requests.js";
import { type CallFailure, FAILURES, type IssuedSession, type StsFault, type World } from "./world.js";

/** Milliseconds: a hub's session that is older may be the reason for a denial. */
const MAY_BE_REVOKED_AFTER = 60_000;

/** The request of the caller on whose behalf code runs. */
export const callerContext = new AsyncLocalStorage<string>();

/** One call to STS. */
export interface StsCall {
  readonly name: RoleName;
  /** The access key id that signed it. */
  readonly signer: string;
  readonly began: Moment;
  failure?: CallFailure;
}

export interface BaseKeys {
  readonly accessKeyId: string;
  readonly expiration: number;
  /** The machine's role. */
  readonly identity: string;
}

/** A session, and the chain that it was obtained with. */
export interface KnownSession extends IssuedSession {
  readonly name: RoleName;
  /** The machine's role at the beginning of the chain. */
  readonly identity: string;
}

/** The last IMDS response. */
export interface BaseRead extends BaseKeys {
  readonly asked: Moment;
  readonly issued: Moment;
}

/** A hub's session that STS refuses again is replaced no sooner than a minute after the last time. */
const HUB_IS_KEPT = 61_000;

/** Observes AWS, and updates the model of every key. */
export class Witness {
  world!: World;
  base: BaseRead | undefined;
  lastProfileFailure: Moment | undefined;
  readonly #keys = new Map<RoleName, KeyModel>(ROLE_NAMES.map((name) => [name, NEW_KEY]));
  readonly #issued = new Map<string, KnownSession>();
  /** The machine's role by access key id. */
  readonly #baseKeys = new Map<string, string>();
  readonly #calls = new Set<StsCall>();
  readonly #lastCall = new Map<RoleName, StsCall>();
  readonly #violations: Violation[] = [];
  #order = 0;
  #frozen = 0;
  #stsFault: StsFault | undefined;
  #profileFails = false;
  /** When the IMDS response last changed, as an order. */
  #profileChanged = 0;
  #profileReads = 0;
  /** The machine's role as the resolver knows it. */
  #identity: { readonly is: string; readonly since: Moment; readonly isCertain: boolean } | undefined;
  /** AWS's time in the last STS response, and when that response arrived. */
  #shown: { readonly time: number; readonly monotonic: number } | undefined;
  /** A set that seems expired by all known times: it may be used or not. */
  suspectBase: string | undefined;

  // --- what AWS does ------------------------------------------------------------------------------

  callBegins(name: RoleName, signer: string): StsCall {
    const began = this.now();
    this.watch(() => this.#assertMayBegin(name, signer, began));
    const call: StsCall = { name, signer, began };
    this.#calls.add(call);
    this.#lastCall.set(name, call);
    this.update(name, (key) => asked(key, began));
    return call;
  }

  callSucceeds(call: StsCall, session: IssuedSession): void {
    const issued = this.now();
    const identity = this.#issued.get(call.signer)?.identity ?? this.#baseKeys.get(call.signer) ?? "";
    this.#issued.set(session.accessKeyId, { ...session, name: call.name, identity });
    if (issued.monotonic - call.began.monotonic > CALL_LIMIT) {
      this.callFails(call, "given up");
      return;
    }
    this.#calls.delete(call);
    this.#shown = { time: session.date, monotonic: issued.monotonic };
    const { accessKeyId, life } = session;
    const isTroubled = this.#stsFault !== undefined || this.#profileFails;
    this.update(call.name, (key) =>
      answered(key, { accessKeyId, life, asked: call.began, issued, troubled: isTroubled }),
    );
  }

  callFails(call: StsCall, failure: CallFailure): void {
    const now = this.now();
    call.failure = failure;
    this.#calls.delete(call);
    this.update(call.name, (key) => failed(key, FAILURES[failure], now));
    for (const name of ROLE_NAMES) {
      // Its load wanted another session of the hub, and ends with the hub's error instead of the refusal.
      const isBehind = hubOf(name) === call.name && mayBeLoading(this.key(name), now);
      if (isBehind && this.key(name).refusal?.code === FAILURES["base refused"]) {
        this.update(name, (key) => ({ ...key, refusal: undefined }));
      }
    }
    const hub = hubOf(call.name);
    const { session } = (hub && this.key(hub)) ?? {};
    if (hub === undefined || session?.accessKeyId !== call.signer) return;
    const mayBeRevoked = failure === "denied" && elapsed(session.asked, now) > MAY_BE_REVOKED_AFTER;
    if (failure === "base refused" || mayBeRevoked) this.update(hub, (key) => refused(key, now));
  }

  profileReadBegins(): Moment {
    this.#profileReads++;
    this.watch(() => {
      if (this.#profileReads > 1) violated("one flight per key", "a second read of the instance profile");
    });
    return this.now();
  }

  profileReadEnds(asked: Moment, read: BaseKeys | undefined): void {
    this.#profileReads--;
    const now = this.now();
    if (read) this.#baseKeys.set(read.accessKeyId, read.identity);
    if (read && [now.wall, this.#awsTime(now)].some((time) => read.expiration - time > EXPIRY_MARGIN)) {
      const { is, isCertain = true } = this.#identity ?? {};
      if (is !== read.identity) this.#identity = { is: read.identity, since: now, isCertain: true };
      this.base = { ...read, asked, issued: now };
      if (!isCertain) this.#updateAll((key) => doubted(key, now));
      // The load that asked is among those that begin again, and which one that is, is not known.
      else if (is !== undefined && is !== read.identity) this.#updateAll((key) => invalidated(key, now, true));
      return;
    }
    if (read) this.#suspect(read, now);
    this.lastProfileFailure = now;
    this.trouble();
  }

  /** A set that seems expired by all known times may be used or not, unless it is the first. */
  #suspect({ accessKeyId, identity }: BaseKeys, now: Moment): void {
    this.suspectBase = accessKeyId;
    if (this.#identity === undefined) this.#identity = { is: identity, since: now, isCertain: true };
    const { is, isCertain = true } = this.#identity;
    // While its last set is valid, an expired one of another role changes nothing: that comes with a later read.
    if (is === identity && isCertain) return;
    if (is !== identity) this.#identity = { is: identity, since: now, isCertain: false };
    this.#updateAll((key) => doubted(key, now));
  }

  #updateAll(change: (key: KeyModel) => KeyModel): void {
    for (const name of ROLE_NAMES) this.update(name, change);
  }

  // --- what happens to AWS and the machine ----------------------------------------------------------

  faultSts(fault: StsFault | undefined, roleArn?: string): void {
    this.#stsFault = fault;
    this.trouble();
    this.world.faultSts(fault, roleArn);
  }

  /** STS refuses the hub's session from now on. */
  revoke(hub: HubName): void {
    const { session } = this.key(hub);
    if (session) this.world.revoke(session.accessKeyId);
  }

  failProfile(fails: boolean): void {
    this.#profileFails = fails;
    this.#profileChanged = this.now().order;
    this.trouble();
    this.world.failProfile(fails);
  }

  rotateBase(refuseOld: boolean): void {
    this.#profileChanged = this.now().order;
    this.world.rotateBase(refuseOld);
  }

  replaceBase(): void {
    this.#profileChanged = this.now().order;
    this.world.replaceBase();
  }

  /** The machine sleeps: its monotonic clock stops while AWS's time advances. */
  sleep(ms: number): void {
    this.trouble(true);
    this.#updateAll(slept);
    this.world.sleep(ms);
  }

  /** A service rejects a session, whatever AWS says about it. */
  refuse(name: RoleName): void {
    this.update(name, (key) => refused(key, this.now()));
  }

  freeze(ms: number): void {
    this.trouble();
    this.#frozen += ms;
    this.world.clock.freeze(ms);
  }

  /** From now on, a proactive refresh of the currently held sessions can't be expected. */
  trouble(stepped = false): void {
    this.#updateAll((key) => troubled(key, stepped));
  }

  // --- observations -------------------------------------------------------------------------------

  now(): Moment {
    const { clock } = this.world;
    const monotonic = clock.monotonic();
    return { wall: clock.now(), monotonic, awake: monotonic - this.#frozen, order: ++this.#order };
  }

  key(name: RoleName): KeyModel {
    return this.#keys.get(name) ?? NEW_KEY;
  }

  update(name: RoleName, change: (key: KeyModel) => KeyModel): void {
    this.#keys.set(name, change(this.key(name)));
  }

  issued(accessKeyId: string): KnownSession | undefined {
    return this.#issued.get(accessKeyId);
  }

  /** Whether the resolver knows that the machine has another role than the one that a session was obtained with. */
  isOfFormerBase({ identity }: KnownSession, now: Moment): boolean {
    const known = this.#identity;
    // At the very moment when the metadata service answers, the resolver does not know it yet.
    return known?.isCertain === true && known.is !== identity && known.since.monotonic < now.monotonic;
  }

  lastCallOf(name: RoleName): StsCall | undefined {
    return this.#lastCall.get(name);
  }

  get calls(): readonly StsCall[] {
    return [...this.#calls];
  }

  /** Whether a read of the instance profile failed just now, or would fail. */
  profileFailsAt({ monotonic }: Moment): boolean {
    return this.#profileFails || this.lastProfileFailure?.monotonic === monotonic;
  }

  /** Whether the keys that were rejected in this call could have been replaced since. */
  hasOtherKeys({ name, signer, began }: StsCall, load: Load | undefined): boolean {
    const hub = hubOf(name);
    if (hub) return this.#hasOtherHub(hub, signer, began);
    if (this.#profileFails || this.#profileChanged > began.order || load === undefined) return false;
    return (this.lastProfileFailure?.order ?? 0) < load.first.order && signer !== this.world.baseKey();
  }

  /** A hub is asked for once more if it was not asked for lately. */
  #hasOtherHub(hub: HubName, signer: string, began: Moment): boolean {
    const last = this.#lastCall.get(hub);
    if (this.#profileFails || (this.lastProfileFailure?.order ?? 0) > began.order) return false;
    if (last === undefined || this.key(hub).session?.accessKeyId !== signer) return false;
    return began.monotonic - last.began.monotonic > HUB_IS_KEPT && last.began.order < began.order;
  }

  /** Checks the async context of a call: shared work must not run in the context of another key's caller. */
  assertContext(name: RoleName): void {
    const context = callerContext.getStore();
    this.watch(() => {
      if (context === name || (context !== undefined && hubOf(context) === name)) return;
      violated("a key's work runs in the context of its own callers", `STS is asked for ${name} in that of ${context}`);
    });
  }

  #awsTime({ wall, monotonic }: Moment): number {
    return this.#shown ? this.#shown.time + monotonic - this.#shown.monotonic : wall;
  }

  /** Runs checks. {@link Witness.check} throws their failures later, because the library would catch them here. */
  watch(checks: () => void): void {
    try {
      checks();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#violations.push(error);
    }
  }

  /** @throws Violation the first one of the run */
  check(): void {
    const [first] = this.#violations;
    if (first) throw first;
  }

  #assertMayBegin(name: RoleName, signer: string, now: Moment): void {
    const key = this.key(name);
    const last = this.#lastCall.get(name);
    if (this.calls.some((call) => call.name === name)) violated("one flight per key", `a second call for ${name}`);
    if (!mayAsk(key, now)) violated("one call per key and lifetime", `${name} is asked for while it is fresh`);
    // Loads ask for a hub, and they are not visible before they call STS.
    if (!(name in HUBS) && mustRest(key, now)) {
      violated("an idle session is left to expire", `STS is asked for ${name}, and nobody has asked for it lately`);
    }
    const isRepeated = last?.failure === "base refused" && mayBeLoading(key, now) && key.load?.calls === 1;
    if (isRepeated && last.signer === signer && this.hasOtherKeys(last, key.load)) {
      violated("keys that were refused are replaced", `${name} is asked for with the same ones`);
    }
  }
}
