import { parentPort, workerData } from "node:worker_threads";
import { type Fault, type FaultEffect, startLocalAws } from "../../src/testing/index.js";
import { Ledger } from "./ledger.js";
import type { Order, WorkerSetup, WorkerStarted } from "./remote-aws.js";
import { soakRole } from "./roles.js";
import type { ImdsTrouble, StsTrouble } from "./weather.js";

const ASSUME_ROLE = { target: "sts", operation: "AssumeRole" } as const;
const STS_EFFECTS: Record<Exclude<StsTrouble, "slow">, FaultEffect> = {
  "status-500": { status: 500 },
  "status-503": { status: 503 },
  throttling: { kind: "throttling", ratePerSecond: 0.5, burst: 5 },
  reset: { kind: "reset" },
  "reset-midway": { kind: "reset-midway" },
  hang: { kind: "hang" },
  truncated: { kind: "truncated" },
  empty: { kind: "empty" },
  "web-page": { kind: "body", contentType: "text/html", body: "<html><body>Please log in.</body></html>" },
};
const IMDS_FAULTS: Record<ImdsTrouble, Fault> = {
  "status-500": { on: { target: "imds" }, status: 500 },
  hang: { on: { target: "imds", operation: "token" }, kind: "hang" },
  "no-role": { on: { target: "imds", operation: "role-list" }, status: 404 },
};
/**
 * Milliseconds. Timers fire only at whole seconds: the response comes after two seconds at most, within the limit of
 * one attempt.
 */
const SLOW_ANSWER = 900;

const { sharedTime, roles } = workerData as WorkerSetup;
const time = new Float64Array(sharedTime);
const now = () => time[0] as number;
const sleepers = new Set<{ due: number; wake(): void }>();
const aws = await startLocalAws({
  clock: { now, sleep: (ms) => new Promise((wake) => sleepers.add({ due: now() + ms, wake })) },
  roles: Array.from({ length: roles }, (_, number) => ({ roleArn: soakRole(number).roleArn })),
});

const ledger = new Ledger();
let entered = 0;
let stsTrouble: StsTrouble | undefined;
let endStsTrouble = () => {};
let endImdsTrouble = () => {};

function wakeSleepers(): void {
  for (const sleeper of sleepers) {
    if (sleeper.due > now()) continue;
    sleepers.delete(sleeper);
    sleeper.wake();
  }
}

function enterRequests(): void {
  ledger.enter(aws.requests, stsTrouble);
  entered += aws.requests.length;
  aws.clearRequests();
}

function troubleSts(trouble: StsTrouble | undefined): void {
  enterRequests();
  endStsTrouble();
  stsTrouble = trouble;
  endStsTrouble = trouble === undefined ? () => {} : beginStsTrouble(trouble);
}

function beginStsTrouble(trouble: StsTrouble): () => void {
  if (trouble !== "slow") return aws.fault({ on: ASSUME_ROLE, ...STS_EFFECTS[trouble] }).clear;
  aws.setLatency(SLOW_ANSWER, ASSUME_ROLE);
  return () => aws.setLatency(0);
}

function troubleImds(trouble: ImdsTrouble | undefined): void {
  endImdsTrouble();
  endImdsTrouble = trouble === undefined ? () => {} : aws.fault(IMDS_FAULTS[trouble]).clear;
}

function rotateKeys(revoked: boolean): void {
  const old = aws.instanceProfile.current();
  if (revoked && old !== undefined) aws.expireSession(old.accessKeyId);
  aws.instanceProfile.rotate();
}

function carryOut(order: Order): unknown {
  wakeSleepers();
  switch (order.kind) {
    case "look":
      return entered + aws.requests.length;
    case "sts":
      return troubleSts(order.trouble);
    case "imds":
      return troubleImds(order.trouble);
    case "keys":
      return rotateKeys(order.change === "revoked");
    case "tally":
      enterRequests();
      return ledger.tally;
  }
}

parentPort?.on("message", (order: Order) => parentPort?.postMessage(carryOut(order)));
const started: WorkerStarted = { endpoint: aws.endpoint, env: { ...aws.env } };
parentPort?.postMessage(started);
