import { setTimeout as later } from "node:timers/promises";
import { vi } from "vitest";
import type { FaultEffect } from "../../src/testing/faults.js";
import { createManualClock, type LocalAws, startLocalAws } from "../../src/testing/index.js";
import { askedFor, HUBS, ROLES } from "./requests.js";
import type { StsCall, Witness } from "./witness.js";
import type { CallFailure, CreateResolver, StsFault, World } from "./world.js";

/** Short enough that no call is pending at its load's deadline: the server would not know that its client is gone. */
const LATENCY = 1;
/** A server does not see that a client gives up, but the time is known: just before the resolver's limit of 3 s. */
const GIVEN_UP_AFTER = 2999;
const GIVEN_UP_FROM = 2000;
const BASE = "arn:aws:iam::111122223333:role/Machine";
const ANOTHER_BASE = "arn:aws:iam::111122223333:role/AnotherMachine";
const SOCKETS_CLOSE_WITHIN = 500;

const FAULTS: Record<StsFault, FaultEffect> = {
  "500": { status: 500 },
  throttling: { status: 400, code: "Throttling" },
  denied: { status: 403, code: "AccessDenied" },
  hang: { kind: "hang" },
};
const FAILURES: Record<string, CallFailure> = {
  InternalFailure: "500",
  Throttling: "throttling",
  AccessDenied: "denied",
  ExpiredToken: "base refused",
};

/** The local AWS over real sockets: the SDK's own client signs, and the connections belong to the resolver. */
export async function createLoopbackAws(
  witness: Witness,
  createResolver: CreateResolver,
  random: () => number,
): Promise<World> {
  const clock = createManualClock({ now: Date.now(), random, env: { AWS_REGION: "us-east-1" } });
  const underWay = new Map<StsCall, () => void>();
  const bases = new Set<string>();
  let answering: StsCall | undefined;
  let waits = 0;
  let clearStsFault = () => {};
  let clearProfileFault = () => {};

  /** Every STS call waits here for its response, so that its beginning and its end are observed. */
  async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const request = aws.requests.at(-1);
    const name = request && askedFor(request.parameters, witness.issued(request.accessKeyId ?? "")?.name);
    if (request === undefined || name === undefined) throw new Error(`nobody asks for ${JSON.stringify(request)}`);
    // The client's limit began before this one's: it includes the time that the metadata service took.
    const isOver = ({ began }: StsCall) => clock.monotonic() - began.monotonic >= GIVEN_UP_FROM;
    const before = [...underWay.keys()].find((call) => call.name === name && isOver(call));
    if (before) end(before, "given up");
    const call = witness.callBegins(name, request.accessKeyId ?? "");
    const giveUp = () => end(call, "given up");
    underWay.set(call, clock.schedule(GIVEN_UP_AFTER, giveUp));
    waits++;
    await clock.sleep(ms, signal).finally(() => waits--);
    answering = call;
    process.nextTick(() => {
      const failure = FAILURES[request.errorCode ?? ""];
      if (failure) end(call, failure);
    });
  }

  function end(call: StsCall, failure?: CallFailure): void {
    underWay.get(call)?.();
    if (underWay.delete(call) && failure) witness.callFails(call, failure);
  }

  const aws: LocalAws = await startLocalAws({
    clock: { now: () => clock.now(), sleep },
    roles: [
      ...ROLES.map((roleArn) => ({ roleArn, trustedPrincipals: ["*"] })),
      ...Object.values(HUBS).map((roleArn) => ({ roleArn, allowAssumeRole: ["*"] })),
    ],
  });
  for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
  aws.setLatency(LATENCY, { target: "sts" });
  aws.fault({
    on: { operation: "AssumeRole" },
    kind: "patch-credentials",
    patch(fields) {
      const { AccessKeyId: accessKeyId = "", Expiration = "" } = fields;
      const date = Math.floor(clock.now() / 1000) * 1000;
      const expiration = Date.parse(Expiration);
      if (answering && underWay.has(answering)) {
        end(answering);
        witness.callSucceeds(answering, { accessKeyId, expiration, life: expiration - date, date });
      }
      return fields;
    },
  });
  aws.fault({
    on: { target: "imds", operation: "credentials" },
    kind: "patch-credentials",
    patch(fields) {
      const { AccessKeyId: accessKeyId = "", Expiration = "" } = fields;
      bases.add(accessKeyId);
      const identity = aws.instanceProfile.current()?.roleArn ?? "";
      const read = { accessKeyId, expiration: Date.parse(Expiration), identity };
      witness.profileReadEnds(witness.profileReadBegins(), read);
      return fields;
    },
  });
  const resolver = createResolver({ runtime: clock });

  return {
    clock,
    resolver,
    now: () => clock.now(),
    profileFailure: "IMDS_UNREACHABLE",
    faultSts(fault, roleArn) {
      clearStsFault();
      const on = { target: "sts", ...(roleArn && { roleArn }) } as const;
      clearStsFault = fault ? aws.fault({ ...FAULTS[fault], on }).clear : () => {};
    },
    revoke: (accessKeyId) => aws.expireSession(accessKeyId),
    failProfile(fails) {
      clearProfileFault();
      // A failed read is not visible here: there may have been one.
      if (!fails) witness.profileReadEnds(witness.profileReadBegins(), undefined);
      clearProfileFault = fails
        ? aws.fault({ on: { target: "imds", operation: "credentials" }, status: 500 }).clear
        : () => {};
    },
    sleep: (ms) => clock.stepWallClock(ms), // the servers' clock is the machine's wall clock
    rotateBase(refuseOld) {
      aws.instanceProfile.rotate();
      if (!refuseOld) return;
      for (const accessKeyId of bases) aws.expireSession(accessKeyId);
    },
    replaceBase() {
      const { roleArn } = aws.instanceProfile.current() ?? {};
      aws.instanceProfile.attach({ roleArn: roleArn === ANOTHER_BASE ? BASE : ANOTHER_BASE });
    },
    baseKey: () => aws.instanceProfile.current()?.accessKeyId ?? "",
    async leftovers() {
      const open = () => aws.sockets.aws.open + aws.sockets.imds.open;
      for (let waited = 0; open() > 0 && waited < SOCKETS_CLOSE_WITHIN; waited++) await later(1);
      // A call whose connection is closed has ended.
      if (aws.sockets.aws.open === 0) for (const call of [...underWay.keys()]) end(call, "given up");
      const { assumeRoleInFlight, assumeRoleQueued } = resolver.stats();
      const timers = clock.pendingTimers - waits - underWay.size;
      const { aws: sts, imds } = aws.sockets;
      const counts = { "sockets to STS": sts.open, "sockets to IMDS": imds.open };
      return Object.entries({ ...counts, timers, assumeRoleInFlight, assumeRoleQueued })
        .filter(([, count]) => count > 0)
        .map(([what, count]) => `${count} ${what}`);
    },
    end: () => aws.close(),
  };
}
