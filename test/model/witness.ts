import { AsyncLocalStorage } from "node:async_hooks";
import { Violation, violated } from "./invariants.js";
import {
  answered,
  asked,
  CALL_LIMIT,
  EXPIRY_MARGIN,
  failed,
  type KeyModel,
  type Load,
  type Moment,
  mayAsk,
  mayBeLoading,
  NEW_KEY,
  refused,
  slept,
  troubled,
} from "./reference-model.js";
import { REQUEST_NAMES, type RequestName } from "./requests.js";
import { type CallFailure, FAILURES, type IssuedSession, type StsFault, type World } from "./world.js";

/** The request of the caller on whose behalf code runs. */
export const callerContext = new AsyncLocalStorage<string>();

/** One call to STS. */
export interface StsCall {
  readonly name: RequestName;
  /** The access key id that signed it. */
  readonly signer: string;
  readonly began: Moment;
  failure?: CallFailure;
}

/** The last IMDS response. */
export interface BaseRead {
  readonly accessKeyId: string;
  readonly expiration: number;
  readonly asked: Moment;
  readonly issued: Moment;
}

/** Observes AWS, and updates the model of every key. */
export class Witness {
  world!: World;
  base: BaseRead | undefined;
  lastProfileFailure: Moment | undefined;
  readonly #keys = new Map<RequestName, KeyModel>(REQUEST_NAMES.map((name) => [name, NEW_KEY]));
  readonly #issued = new Map<string, IssuedSession & { name: RequestName }>();
  readonly #calls = new Set<StsCall>();
  readonly #lastCall = new Map<RequestName, StsCall>();
  readonly #violations: Violation[] = [];
  #order = 0;
  #frozen = 0;
  #stsFault: StsFault | undefined;
  #profileFails = false;
  /** When the IMDS response last changed, as an order. */
  #profileChanged = 0;
  #profileReads = 0;
  /** AWS's time in the last STS response, and when that response arrived. */
  #shown: { readonly time: number; readonly monotonic: number } | undefined;
  /** A set that seems expired by all known times: it may be used or not. */
  suspectBase: string | undefined;

  // --- what AWS does ------------------------------------------------------------------------------

  callBegins(name: RequestName, signer: string): StsCall {
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
    this.#issued.set(session.accessKeyId, { ...session, name: call.name });
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
  }

  profileReadBegins(): Moment {
    this.#profileReads++;
    this.watch(() => {
      if (this.#profileReads > 1) violated("one flight per key", "a second read of the instance profile");
    });
    return this.now();
  }

  profileReadEnds(asked: Moment, read: { accessKeyId: string; expiration: number } | undefined): void {
    this.#profileReads--;
    const now = this.now();
    if (read && [now.wall, this.#awsTime(now)].some((time) => read.expiration - time > EXPIRY_MARGIN)) {
      this.base = { ...read, asked, issued: now };
      return;
    }
    if (read) this.suspectBase = read.accessKeyId;
    this.lastProfileFailure = now;
    this.trouble();
  }

  // --- what happens to AWS and the machine ----------------------------------------------------------

  faultSts(fault: StsFault | undefined): void {
    this.#stsFault = fault;
    this.trouble();
    this.world.faultSts(fault);
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

  /** The machine sleeps: its monotonic clock stops while AWS's time advances. */
  sleep(ms: number): void {
    this.trouble(true);
    for (const name of REQUEST_NAMES) this.update(name, slept);
    this.world.sleep(ms);
  }

  /** A service rejects a session, whatever AWS says about it. */
  refuse(name: RequestName): void {
    this.update(name, (key) => refused(key, this.now()));
  }

  freeze(ms: number): void {
    this.trouble();
    this.#frozen += ms;
    this.world.clock.freeze(ms);
  }

  /** From now on, a proactive refresh of the currently held sessions can't be expected. */
  trouble(stepped = false): void {
    for (const name of REQUEST_NAMES) this.update(name, (key) => troubled(key, stepped));
  }

  // --- observations -------------------------------------------------------------------------------

  now(): Moment {
    const { clock } = this.world;
    const monotonic = clock.monotonic();
    return { wall: clock.now(), monotonic, awake: monotonic - this.#frozen, order: ++this.#order };
  }

  key(name: RequestName): KeyModel {
    return this.#keys.get(name) ?? NEW_KEY;
  }

  update(name: RequestName, change: (key: KeyModel) => KeyModel): void {
    this.#keys.set(name, change(this.key(name)));
  }

  issued(accessKeyId: string): (IssuedSession & { name: RequestName }) | undefined {
    return this.#issued.get(accessKeyId);
  }

  lastCallOf(name: RequestName): StsCall | undefined {
    return this.#lastCall.get(name);
  }

  get calls(): readonly StsCall[] {
    return [...this.#calls];
  }

  /** Whether a read of the instance profile failed just now, or would fail. */
  profileFailsAt({ monotonic }: Moment): boolean {
    return this.#profileFails || this.lastProfileFailure?.monotonic === monotonic;
  }

  /** Whether the base keys that were rejected in this call could have been replaced since. */
  hasOtherBase({ signer, began }: StsCall, load: Load | undefined): boolean {
    if (this.#profileFails || this.#profileChanged > began.order || load === undefined) return false;
    return (this.lastProfileFailure?.order ?? 0) < load.first.order && signer !== this.world.baseKey();
  }

  /** Checks the async context of a call: shared work must not run in the context of another key's caller. */
  assertContext(name: RequestName): void {
    const context = callerContext.getStore();
    this.watch(() => {
      if (context === name) return;
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

  #assertMayBegin(name: RequestName, signer: string, now: Moment): void {
    const key = this.key(name);
    const last = this.#lastCall.get(name);
    if (this.calls.some((call) => call.name === name)) violated("one flight per key", `a second call for ${name}`);
    if (!mayAsk(key, now)) violated("one call per key and lifetime", `${name} is asked for while it is fresh`);
    const isRepeated = last?.failure === "base refused" && mayBeLoading(key, now) && key.load?.calls === 1;
    if (isRepeated && last.signer === signer && this.hasOtherBase(last, key.load)) {
      violated("base keys that were refused are read again", `${name} is asked for with the same ones`);
    }
  }
}
