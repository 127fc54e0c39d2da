import { isRolecallError, type RolecallError, type SessionCredentials } from "../../src/index.js";
import { violated } from "./invariants.js";
import {
  EXPIRY_MARGIN,
  elapsed,
  gaveUp,
  held,
  invalidated,
  isOverdue,
  isRefreshAdvised,
  type Moment,
  mayBeLoading,
  mayBeRefused,
  mayFailWith,
  mustBeRefused,
  mustBeServed,
  ROUNDING,
  used,
  WAIT_LIMIT,
  type Wish,
  wasLeftToExpire,
} from "./reference-model.js";
import { callRefusingService } from "./refusing-service.js";
import {
  type AnyRequestName,
  HUBS,
  type HubName,
  hubOf,
  NO_ROLE,
  type RequestName,
  type RoleName,
  requestNamed,
} from "./requests.js";
import { type BaseRead, callerContext, Witness } from "./witness.js";
import type { CreateResolver, CreateWorld, World } from "./world.js";

interface Caller {
  readonly name: AnyRequestName;
  readonly wish: Wish;
  readonly started: Moment;
  readonly abort: AbortController | undefined;
  /** What the caller must get, or the error that it must get, before any time passes. */
  readonly mustGet: string | undefined;
  readonly mustFailWith: string | undefined;
  /** An access key id or an error's code; `undefined` while the caller waits. */
  outcome?: string;
}

/** A `Date` header has whole seconds. */
const DATE_STEP = 1000;
/** After a failed read, IMDS is read again within 10 minutes. */
const NEXT_LOOK = 10 * 60_000;

/** One run: a world, and all callers of its resolver. */
export class Scene {
  readonly witness: Witness;
  readonly #world: World;
  readonly #callers: Caller[] = [];
  readonly #promises = new Set<Promise<unknown>>();
  readonly #hubFailures = new Map<HubName, string>();
  #baseDropped = 0;
  #stepped = false;
  #closed = false;

  static async in(createWorld: CreateWorld, createResolver: CreateResolver, random: () => number): Promise<Scene> {
    const witness = new Witness();
    return new Scene(await createWorld(witness, createResolver, random), witness);
  }

  private constructor(world: World, witness: Witness) {
    this.#world = world;
    this.witness = witness;
    witness.world = world;
  }

  get world(): World {
    return this.#world;
  }

  // --- commands -----------------------------------------------------------------------------------

  /** Starts callers and runs everything that needs no time. */
  async use(callers: readonly { name: AnyRequestName; wish?: Wish; abort?: AbortController }[]): Promise<void> {
    const isQuiet = this.witness.calls.length === 0;
    const started = callers.map(({ name, wish = {}, abort }) => this.#start(name, wish, abort));
    await this.#settle();
    this.witness.watch(() => {
      for (const caller of started) assertAnsweredAtOnce(caller);
      if (isQuiet && !this.#closed) for (const caller of started) this.#assertRefreshBegan(caller);
    });
  }

  /** Adds one caller, whose signal aborts before it starts or while it waits. */
  async useAndAbort(name: AnyRequestName, when: "before" | "while loading"): Promise<void> {
    const abort = new AbortController();
    if (when === "before") abort.abort();
    await this.use([{ name, abort }]);
    const own = this.#callers.at(-1);
    const others = this.#waiting.filter((caller) => caller !== own);
    const waited = own !== undefined && own.outcome === undefined;
    abort.abort();
    await this.#settle();
    this.witness.watch(() => {
      const freed = others.find(({ outcome }) => outcome !== undefined);
      if (freed) violated("an abort frees one caller at once", `one for ${freed.name} is freed by another's`);
      if ((when === "before" || waited) && own?.outcome === undefined) {
        violated("an abort frees one caller at once", `one for ${name} waits on`);
      }
      if (waited && own.outcome !== "ABORTED") {
        violated("an abort frees one caller at once", `one for ${name} gets ${own.outcome}`);
      }
    });
  }

  async advance(ms: number): Promise<void> {
    await this.#world.clock.advance(ms);
    const now = this.witness.now();
    const late = this.#waiting.find(
      ({ abort, started }) => !abort && now.awake - started.awake > WAIT_LIMIT + ROUNDING,
    );
    this.witness.watch(() => {
      if (late) violated("nobody waits forever", `one for ${late.name} has waited for more than a minute`);
    });
  }

  stepWallClock(ms: number): void {
    this.#stepped = true;
    this.witness.trouble(true);
    this.#world.clock.stepWallClock(ms);
  }

  sleep(ms: number): void {
    this.#stepped = true;
    this.witness.sleep(ms);
  }

  /** A service rejects the held session, and accepts any other. */
  async refuse(name: RequestName): Promise<void> {
    const session = mustBeServed(this.witness.key(name), {}, this.witness.now());
    if (!session || this.#closed) return;
    this.witness.refuse(name);
    const call = callerContext.run(name, () =>
      callRefusingService(this.#world.resolver, requestNamed(name), session.accessKeyId),
    );
    this.#track(
      call.catch((error) => {
        if (isRolecallError(error) || error.name === "ExpiredToken") return;
        this.witness.watch(() => violated("an error says what failed", `a refused call gets ${error}`));
      }),
    );
    await this.#settle();
  }

  async invalidate(name: AnyRequestName): Promise<void> {
    const { instance, command, session } = requestNamed(name);
    const now = this.witness.now();
    if (name === NO_ROLE) this.#baseDropped = now.order;
    else {
      const isWaitedFor = this.#waiting.some((caller) => caller.name === name);
      const hub = hubOf(name);
      const waitsForHub = hub !== undefined && mayBeLoading(this.witness.key(hub), now);
      this.witness.update(name, (key) => invalidated(key, now, isWaitedFor || this.#isQueued || waitsForHub));
      if (hub) this.witness.update(hub, (key) => ({ ...key, refusal: undefined }));
    }
    const done = this.#world.resolver.invalidate(instance, command, session && { session });
    this.#track(done);
    const outcome = await done.then(
      () => "done",
      (error: RolecallError) => error.code,
    );
    await this.#settle();
    this.witness.watch(() => {
      if (outcome !== (this.#closed ? "RESOLVER_CLOSED" : "done")) {
        violated("an error says what failed", `invalidate gives ${outcome}`);
      }
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const closing = this.#world.resolver.close();
    this.#track(closing);
    await closing;
    await this.#settle();
    const open = await this.#world.leftovers();
    const left = [
      ...this.#waiting.map(({ name }) => `a caller for ${name}`),
      ...this.witness.calls.map(({ name }) => `a call for ${name}`),
      ...(this.#promises.size > 0 ? [`${this.#promises.size} promises`] : []),
      ...open,
    ];
    this.witness.watch(() => {
      if (left.length > 0) violated("nothing is left after close", left.join(", "));
    });
  }

  /** The time until the held session of a key reaches an age; `undefined` if there is no session. */
  until(name: RequestName, age: (life: number) => number): number | undefined {
    const session = held(this.witness.key(name));
    return session && Math.max(0, age(session.life) - elapsed(session.asked, this.witness.now()));
  }

  // --- one caller ---------------------------------------------------------------------------------

  get #waiting(): Caller[] {
    return this.#callers.filter(({ outcome }) => outcome === undefined);
  }

  /** Whether any call is queued behind others, whatever its key. */
  get #isQueued(): boolean {
    return this.#world.resolver.stats().assumeRoleQueued > 0;
  }

  #isAsked(name: RoleName): boolean {
    return this.witness.calls.some((call) => call.name === name);
  }

  #start(name: AnyRequestName, wish: Wish, abort: AbortController | undefined): Caller {
    const started = this.witness.now();
    const caller: Caller = { name, wish, started, abort, ...this.#expectation(name, wish, started) };
    this.#callers.push(caller);
    const { instance, command, session } = requestNamed(name);
    const options = { ...wish, ...(session && { session }), ...(abort && { signal: abort.signal }) };
    const resolved = callerContext.run(name, () => this.#world.resolver.resolve(instance, command, options));
    const answer = resolved.then(
      (credentials) => this.#served(caller, credentials),
      (error) => this.#rejected(caller, error),
    );
    this.#track(answer);
    if (name !== NO_ROLE) this.witness.update(name, (key) => used(key, wish, started));
    return caller;
  }

  #expectation(name: AnyRequestName, wish: Wish, now: Moment): Pick<Caller, "mustGet" | "mustFailWith"> {
    if (this.#closed) return { mustGet: undefined, mustFailWith: "RESOLVER_CLOSED" };
    if (name === NO_ROLE) return { mustGet: this.#baseToServe(wish, now)?.accessKeyId, mustFailWith: undefined };
    const key = this.witness.key(name);
    this.witness.watch(() => {
      if (wasLeftToExpire(key, now)) violated("a session in use is refreshed ahead", `that of ${name} has expired`);
    });
    return { mustGet: mustBeServed(key, wish, now)?.accessKeyId, mustFailWith: mustBeRefused(key, wish, now) };
  }

  /** The base identity is held like any session. Its lifetime is not modeled after a clock was stepped. */
  #baseToServe(wish: Wish, now: Moment): BaseRead | undefined {
    const { base } = this.witness;
    if (!base || base.asked.order <= this.#baseDropped || this.#stepped || wish.forceRefresh) return undefined;
    const left = base.expiration - base.issued.wall - elapsed(base.issued, now) - DATE_STEP;
    return left > EXPIRY_MARGIN && left > (wish.minRemaining ?? 0) ? base : undefined;
  }

  #assertRefreshBegan({ name, started, mustGet }: Caller): void {
    if (name === NO_ROLE || mustGet === undefined) return;
    const session = held(this.witness.key(name));
    if (!session || session.troubled || !isRefreshAdvised(session, started)) return;
    const hub = hubOf(name);
    const isUnderWay = this.#isAsked(name) || (hub !== undefined && this.#isAsked(hub));
    if (!isUnderWay && !this.#isQueued) violated("an advised refresh begins", `STS is not asked for ${name}`);
  }

  #served(caller: Caller, { accessKeyId }: SessionCredentials): void {
    caller.outcome = accessKeyId;
    const { name } = caller;
    const who = `a caller for ${name} gets ${accessKeyId}`;
    this.witness.watch(() => {
      if (this.#closed) violated("nothing is left after close", `${who} after close`);
      if (name === NO_ROLE) this.#assertServableBase(caller, accessKeyId, who);
      else this.#assertServable(caller, name, accessKeyId, who);
    });
  }

  #assertServable({ wish, started }: Caller, name: RequestName, accessKeyId: string, who: string): void {
    const truth = this.witness.issued(accessKeyId);
    if (truth?.name !== name) violated("no other key's session", `${who}, a session of ${truth?.name ?? "nobody"}`);
    if (this.witness.isOfFormerBase(truth, this.witness.now())) {
      violated("no other key's session", `${who}, obtained as ${truth.identity}, and the machine has another role`);
    }
    const { session, dropped } = this.witness.key(name);
    const left = truth.expiration - this.#world.now();
    if (left <= EXPIRY_MARGIN - DATE_STEP && !session?.slept) {
      violated("no expired session", `${who}, which has ${left} ms left`);
    }
    if (session?.accessKeyId !== accessKeyId) {
      violated("the newest session is served", `${who}, and STS has issued ${session?.accessKeyId} since`);
    }
    if (session.asked.order <= dropped && started.order > dropped) violated("nothing dropped comes back", who);
    if (wish.forceRefresh && session.issued.order < started.order) violated("a wish is granted", `${who} again`);
    if (left < (wish.minRemaining ?? 0) - DATE_STEP && !session.slept)
      violated("a wish is granted", `${who} with ${left} ms left`);
  }

  #assertServableBase({ wish, started }: Caller, accessKeyId: string, who: string): void {
    const { base, lastProfileFailure, suspectBase } = this.witness;
    if (accessKeyId === suspectBase) return;
    if (base?.accessKeyId !== accessKeyId) {
      violated("no other key's session", `${who}, and IMDS gave ${base?.accessKeyId} last`);
    }
    if (base.asked.order <= this.#baseDropped) violated("nothing dropped comes back", who);
    if (wish.forceRefresh && base.issued.order < started.order) violated("a wish is granted", `${who} again`);
    if (base.expiration > this.#world.now() || this.#stepped) return;
    const now = this.witness.now();
    const failedLately = lastProfileFailure !== undefined && elapsed(lastProfileFailure, now) <= NEXT_LOOK;
    if (!failedLately && !this.witness.profileFailsAt(now)) violated("no expired session", who);
  }

  #rejected(caller: Caller, error: unknown): void {
    caller.outcome = isRolecallError(error) ? error.code : String(error);
    const who = `a caller for ${caller.name} gets ${caller.outcome}`;
    this.witness.watch(() => {
      if (!isRolecallError(error)) violated("an error says what failed", who);
      this.#assertDeserved(caller, error, who);
    });
  }

  #assertDeserved(caller: Caller, { code, roleArn }: RolecallError, who: string): void {
    const { name, abort } = caller;
    const now = this.witness.now();
    if (this.#closed !== (code === "RESOLVER_CLOSED")) violated("an error says what failed", who);
    if (this.#closed) return;
    const hub = hubOf(name);
    const isOfHub = hub !== undefined && roleArn === HUBS[hub];
    const role = code === this.#world.profileFailure ? undefined : requestNamed(name).instance.roleArn;
    if (roleArn !== role && !isOfHub) violated("an error says what failed", `${who} about ${roleArn}`);
    if (code === "ABORTED") {
      if (!abort?.signal.aborted) violated("an abort frees one caller at once", `${who} without an abort`);
      return;
    }
    const isOfProfile = code === this.#world.profileFailure && this.witness.profileFailsAt(now);
    if (name !== NO_ROLE && isOfHub) {
      this.#assertHubFailed(hub, code, now, who);
      this.witness.update(name, (key) => ({ ...gaveUp(key, code), failure: key.failure }));
    } else if (name !== NO_ROLE) {
      if (!isOfProfile && this.#isAnsweredAlone(caller, name, code, now)) return;
      if (!isOfProfile) this.#assertLoadFailed(name, code, now, who);
      this.witness.update(name, (key) => gaveUp(key, code));
    } else if (!isOfProfile) violated("no error while a source could answer", who);
  }

  /** Whether only this caller ends, while the load continues: it waited too long, or it got a remembered denial. */
  #isAnsweredAlone({ abort, started, wish }: Caller, name: RequestName, code: string, now: Moment): boolean {
    const waited = now.monotonic - started.monotonic;
    if (code === "TIMEOUT") return !abort && waited >= WAIT_LIMIT - ROUNDING;
    return waited === 0 && !wish.forceRefresh && mayBeRefused(this.witness.key(name), code, now);
  }

  /** One failed load of a hub ends the loads of all roles behind it, one after the other. */
  #assertHubFailed(hub: HubName, code: string, now: Moment, who: string): void {
    const failure = `${code} at ${now.monotonic}`;
    if (this.#hubFailures.get(hub) === failure || mayBeRefused(this.witness.key(hub), code, now)) return;
    this.#hubFailures.set(hub, failure);
    this.#assertLoadFailed(hub, code, now, who);
    // A role that was invalidated in the meantime asks for the hub again at once.
    const isAskedAgain = this.witness.key(hub).load?.last.monotonic === now.monotonic;
    if (!isAskedAgain) this.witness.update(hub, (key) => gaveUp(key, code));
  }

  #assertLoadFailed(name: RoleName, code: string, now: Moment, who: string): void {
    const key = this.witness.key(name);
    if (!mayFailWith(key, code, now)) {
      violated("no error while a source could answer", `${who}, and the last call ${key.failure ?? "succeeded"}`);
    }
    const { load } = key;
    const last = this.witness.lastCallOf(name);
    const isRepeatable = code === "BASE_IDENTITY_REJECTED" && load?.calls === 1 && !isOverdue(load, now);
    if (isRepeatable && last && this.witness.hasOtherKeys(last, load)) {
      violated("keys that were refused are replaced", `${who}, and there were others`);
    }
  }

  #track(promise: Promise<unknown>): void {
    this.#promises.add(promise);
    const done = () => this.#promises.delete(promise);
    promise.then(done, done);
  }

  #settle(): Promise<void> {
    return this.#world.clock.settle();
  }
}

function assertAnsweredAtOnce({ name, outcome = "nothing yet", mustGet, mustFailWith, abort }: Caller): void {
  const isAborted = abort?.signal.aborted && outcome === "ABORTED";
  if (mustGet !== undefined && outcome !== mustGet && !isAborted) {
    violated("nobody waits while a session is valid", `a caller for ${name} gets ${outcome}, and ${mustGet} is held`);
  }
  if (mustFailWith !== undefined && outcome !== mustFailWith) {
    violated("an error says what failed", `a caller for ${name} gets ${outcome} instead of ${mustFailWith}`);
  }
}
