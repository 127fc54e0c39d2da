import { setImmediate as turn } from "node:timers/promises";
import type { StsClientContext, StsLike } from "../../src/index.js";
import { createManualClock } from "../../src/testing/index.js";
import { type AssumeRoleParameters, askedFor } from "./requests.js";
import type { StsCall, Witness } from "./witness.js";
import type { CallFailure, CreateResolver, StsFault, World } from "./world.js";

const HOUR = 3_600_000;
const BASE_LIFE = 6 * HOUR;
/** More than a run needs: the default limits would take a fifth of its time, for memory that stays empty. */
const SMALL_CACHES = { maxSessions: 100, maxClients: 100 };

interface BaseKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly expiration: Date;
  /** Of the machine's role. */
  readonly accountId: string;
}

/** The part of the SDK's middleware stack that a client uses for signing. */
interface Stack {
  clone(): Stack;
  add(middleware: (next: Next) => Next, options: { step: string; name: string }): void;
  resolve(handler: Next, context: object): Next;
}
type Next = (args: { input: AssumeRoleParameters }) => Promise<{ response: object; output: unknown }>;
type Command = { readonly input: AssumeRoleParameters; readonly middlewareStack: Stack };

function sessionArnOf({ RoleArn = "", RoleSessionName = "" }: AssumeRoleParameters): string {
  const [accountId, role = ""] = RoleArn.split(":").slice(4);
  return `arn:aws:sts::${accountId}:assumed-role/${role.slice(role.lastIndexOf("/") + 1)}/${RoleSessionName}`;
}

/** An AWS in memory: STS takes time on the clock, and AWS's own clock is never stepped. */
export async function createSimulatedAws(
  witness: Witness,
  createResolver: CreateResolver,
  random: () => number,
): Promise<World> {
  const clock = createManualClock({ random, env: { AWS_REGION: "us-east-1" } });
  const epoch = clock.now();
  let slept = 0;
  const now = () => epoch + clock.monotonic() + slept;
  const wholeSeconds = (time: number) => new Date(Math.floor(time / 1000) * 1000);
  const latency = 10 + Math.floor(random() * 990);
  const refused = new Set<string>();
  const bases = new Set<string>();
  let issued = 0;
  let stsFault: StsFault | undefined;
  let faultyRole: string | undefined;
  let accountId = "111122223333";
  let profileFails = false;
  let base: BaseKeys | undefined;

  function currentBase(): BaseKeys {
    if (!base || base.expiration.getTime() - now() < HOUR) {
      const accessKeyId = `ASIABASE${++issued}`;
      base = { accessKeyId, secretAccessKey: "made-up", expiration: wholeSeconds(now() + BASE_LIFE), accountId };
      bases.add(accessKeyId);
    }
    return base;
  }

  async function instanceProfile(): Promise<BaseKeys> {
    const asked = witness.profileReadBegins();
    await turn();
    const keys = profileFails ? undefined : currentBase();
    const read = keys && { ...keys, expiration: keys.expiration.getTime(), identity: keys.accountId };
    witness.profileReadEnds(asked, read);
    if (!keys) throw new Error("no answer");
    return keys;
  }

  /** Reads the base identity when it signs, and gives the command's middleware the same view as an SDK client. */
  function stsClient({ credentials }: StsClientContext): StsLike {
    return {
      async send(command, { abortSignal = new AbortController().signal } = {}) {
        const { input, middlewareStack } = command as Command;
        const context: { __smithy_context?: object } = {};
        const sign = (next: Next): Next => {
          return async (args) => {
            context.__smithy_context = { selectedHttpAuthScheme: { identity: await credentials() } };
            return next(args);
          };
        };
        const stack = middlewareStack.clone();
        stack.add(sign, { step: "serialize", name: "sign" });
        const handle = stack.resolve(async () => answer(input, await credentials(), abortSignal), context);
        return (await handle({ input })).output;
      },
    };
  }

  async function answer(
    input: AssumeRoleParameters,
    signer: { accessKeyId: string; expiration?: Date },
    signal: AbortSignal,
  ) {
    const name = askedFor(input, witness.issued(signer.accessKeyId)?.name);
    if (name === undefined) throw new Error(`nobody asks for ${JSON.stringify(input)}`);
    signal.throwIfAborted();
    witness.assertContext(name);
    const call = witness.callBegins(name, signer.accessKeyId);
    try {
      await clock.sleep(latency, signal);
      if (faultOf(input) === "hang") await clock.sleep(Number.MAX_SAFE_INTEGER, signal);
    } catch (error) {
      witness.callFails(call, "given up");
      throw error;
    }
    const fault = faultOf(input);
    if (fault === "500") throw refuse(call, "500", "InternalFailure", 500);
    if (fault === "throttling") throw refuse(call, "throttling", "Throttling", 400);
    const isExpired = (signer.expiration?.getTime() ?? 0) <= now();
    if (isExpired || refused.has(signer.accessKeyId)) throw refuse(call, "base refused", "ExpiredToken", 403);
    if (fault === "denied") throw refuse(call, "denied", "AccessDenied", 403);
    return issue(call, input);
  }

  function faultOf({ RoleArn }: AssumeRoleParameters): StsFault | undefined {
    return faultyRole === undefined || faultyRole === RoleArn ? stsFault : undefined;
  }

  function refuse(call: StsCall, failure: CallFailure, name: string, httpStatusCode: number): Error {
    witness.callFails(call, failure);
    const fault = httpStatusCode >= 500 ? "server" : "client";
    return Object.assign(new Error("made-up"), { name, $fault: fault, $metadata: { httpStatusCode } });
  }

  function issue(call: StsCall, input: AssumeRoleParameters) {
    const accessKeyId = `ASIA${++issued}`;
    const date = wholeSeconds(now());
    const life = Number(input.DurationSeconds) * 1000;
    const expiration = new Date(date.getTime() + life);
    witness.callSucceeds(call, { accessKeyId, life, expiration: expiration.getTime(), date: date.getTime() });
    return {
      response: { headers: { date: date.toUTCString() } },
      output: {
        Credentials: {
          AccessKeyId: accessKeyId,
          SecretAccessKey: "made-up",
          SessionToken: "made-up",
          Expiration: expiration,
        },
        AssumedRoleUser: { AssumedRoleId: "made-up", Arn: sessionArnOf(input) },
      },
    };
  }

  const resolver = createResolver({ runtime: clock, stsClient, instanceProfile, ...SMALL_CACHES });
  return {
    clock,
    resolver,
    now,
    profileFailure: "INSTANCE_PROFILE_INVALID",
    faultSts(fault, roleArn) {
      stsFault = fault;
      faultyRole = roleArn;
    },
    revoke(accessKeyId) {
      refused.add(accessKeyId);
    },
    failProfile(fails) {
      profileFails = fails;
    },
    sleep(ms) {
      clock.stepWallClock(ms);
      slept += ms;
    },
    rotateBase(refuseOld) {
      if (refuseOld) for (const accessKeyId of bases) refused.add(accessKeyId);
      base = undefined;
    },
    replaceBase() {
      accountId = accountId === "111122223333" ? "444455556666" : "111122223333";
      base = undefined;
    },
    baseKey: () => currentBase().accessKeyId,
    async leftovers() {
      const { assumeRoleInFlight, assumeRoleQueued } = resolver.stats();
      return Object.entries({ timers: clock.pendingTimers, assumeRoleInFlight, assumeRoleQueued })
        .filter(([, count]) => count > 0)
        .map(([what, count]) => `${count} ${what}`);
    },
    end: async () => undefined,
  };
}
