import type { RolecallErrorCode, SessionCredentials } from "../../src/index.js";
import type { FaultEffect, LocalAws, ManualClock } from "../../src/testing/index.js";
import { HUB } from "../support/hub.js";
import { ROLE, SECOND } from "../support/local.js";
import type { Relay } from "./relay.js";

export interface FaultSetup {
  aws: LocalAws;
  clock: ManualClock;
  relay: Relay | undefined;
  /** The role's session that is held when the fault begins. */
  held: SessionCredentials;
}

/** One kind of failure in a dependency. */
export interface Fault {
  readonly name: string;
  readonly on: "sts" | "imds";
  /** The role is assumed from {@link HUB}, and the errors name this role. */
  readonly behindHub?: string;
  /** Returns a function that ends the fault. */
  begin(setup: FaultSetup): () => void;
  /** What a caller that needs credentials gets during the fault. */
  readonly needed: "served" | RolecallErrorCode;
  /** STS throttles every call, so the first call of a load waits for its turn. */
  readonly throttles?: boolean;
  /** AWS responds with a denial, which is remembered for up to a minute. */
  readonly refusal?: boolean;
  /** There is a relay between the library and the endpoint. */
  readonly relayed?: boolean;
  /** Responses take many turns of the event loop to arrive. */
  readonly heavy?: boolean;
  /** The SDK's own timeout ends the requests, and it runs in real time. */
  readonly hangs?: boolean;
}

type Needed = Fault["needed"];
type Options = Pick<Fault, "throttles" | "refusal" | "relayed" | "heavy" | "hangs">;

const TEN_MEGABYTES = 10_000_000;

function sts(name: string, needed: Needed, effect: FaultEffect, options: Options = {}): Fault {
  return {
    name,
    on: "sts",
    needed,
    ...options,
    begin: ({ aws }) => aws.fault({ on: { target: "sts" }, ...effect }).clear,
  };
}

function imds(name: string, needed: Needed, effect: FaultEffect, operation?: string, options: Options = {}): Fault {
  const on = { target: "imds", ...(operation && { operation }) } as const;
  return { name, on: "imds", needed, ...options, begin: ({ aws }) => aws.fault({ on, ...effect }).clear };
}

function latency(ms: number, needed: Needed): Fault {
  return {
    name: `responds after ${ms / SECOND} s`,
    on: "sts",
    needed,
    begin({ aws }) {
      aws.setLatency(ms, { target: "sts" });
      return () => aws.setLatency(0);
    },
  };
}

type CredentialFields = Parameters<Extract<FaultEffect, { kind: "patch-credentials" }>["patch"]>[0];

function without(field: keyof CredentialFields): FaultEffect {
  return { kind: "patch-credentials", patch: (fields) => ({ ...fields, [field]: undefined }) };
}

function expiring(expiration: string): FaultEffect {
  return { kind: "patch-credentials", patch: (fields) => ({ ...fields, Expiration: expiration }) };
}

const html = (body = "<html><body>Sign in to the network</body></html>"): FaultEffect => ({
  kind: "body",
  contentType: "text/html",
  body,
});

export const STS_FAULTS: Fault[] = [
  latency(0.1 * SECOND, "served"),
  latency(1 * SECOND, "served"),
  latency(2.9 * SECOND, "served"),
  latency(3.1 * SECOND, "TIMEOUT"),
  latency(10 * SECOND, "TIMEOUT"),
  latency(30 * SECOND, "TIMEOUT"),
  sts("no response", "TIMEOUT", { kind: "hang" }),
  sts("400 ValidationError", "ASSUME_ROLE_INVALID", { status: 400 }, { refusal: true }),
  sts("403 AccessDenied", "ASSUME_ROLE_DENIED", { status: 403 }, { refusal: true }),
  sts("403 RegionDisabled", "REGION_DISABLED", { status: 403, code: "RegionDisabledException" }, { refusal: true }),
  sts("403 ExpiredToken", "BASE_IDENTITY_REJECTED", { status: 403, code: "ExpiredToken" }),
  sts("403 from a proxy, in HTML", "STS_UNAVAILABLE", { ...html(), status: 403 } as FaultEffect),
  sts("429", "STS_UNAVAILABLE", { status: 429 }, { throttles: true }),
  sts("500", "STS_UNAVAILABLE", { status: 500 }),
  sts("503", "STS_UNAVAILABLE", { status: 503 }),
  sts("503 from a load balancer, in HTML", "STS_UNAVAILABLE", { ...html(), status: 503 } as FaultEffect),
  sts("Throttling", "STS_UNAVAILABLE", { status: 400, code: "Throttling" }, { throttles: true }),
  sts("Throttling, Retry-After 1 s", "STS_UNAVAILABLE", {
    status: 400,
    code: "Throttling",
    headers: { "retry-after": "1" },
  }),
  sts("Throttling, Retry-After 60 s", "STS_UNAVAILABLE", {
    status: 400,
    code: "Throttling",
    headers: { "retry-after": "60" },
  }),
  {
    name: "connection refused",
    on: "sts",
    needed: "STS_UNAVAILABLE",
    relayed: true,
    begin: ({ relay }) => (relay as Relay).refuse(),
  },
  {
    name: "the DNS lookup fails",
    on: "sts",
    needed: "STS_UNAVAILABLE",
    relayed: true,
    begin: ({ relay }) => (relay as Relay).failLookup(),
  },
  sts("connection reset before the response", "STS_UNAVAILABLE", { kind: "reset" }),
  sts("connection reset in the middle of the response", "STS_UNAVAILABLE", { kind: "reset-midway" }),
  sts("half a response", "STS_UNAVAILABLE", { kind: "truncated" }),
  sts("an empty response", "STS_UNAVAILABLE", { kind: "empty" }),
  sts("HTML, such as a proxy's page", "STS_UNAVAILABLE", html()),
  sts("10 MB of HTML", "STS_UNAVAILABLE", html(`<html>${"x".repeat(TEN_MEGABYTES)}</html>`), { heavy: true }),
  sts("malformed XML", "STS_UNAVAILABLE", {
    kind: "body",
    contentType: "text/xml",
    body: "<AssumeRoleResponse><AssumeRoleResult></AssumeRoleResponse>",
  }),
  sts("JSON", "STS_UNAVAILABLE", { kind: "body", contentType: "application/json", body: '{"Credentials":{}}' }),
  sts("credentials without AccessKeyId", "STS_UNAVAILABLE", without("AccessKeyId")),
  sts("credentials without SecretAccessKey", "STS_UNAVAILABLE", without("SecretAccessKey")),
  sts("credentials without SessionToken", "STS_UNAVAILABLE", without("SessionToken")),
  sts("credentials without Expiration", "STS_UNAVAILABLE", without("Expiration")),
  sts("credentials that expire now", "STS_UNAVAILABLE", {
    kind: "patch-credentials",
    patch: (fields) => ({
      ...fields,
      Expiration: new Date(Date.parse(fields.Expiration as string) - 3_600_000).toISOString(),
    }),
  }),
  sts("credentials that expired in 1970", "STS_UNAVAILABLE", expiring("1970-01-01T00:00:00Z")),
  sts("credentials that expire in 2200", "served", expiring("2200-01-01T00:00:00Z")),
  {
    name: "the same credentials again",
    on: "sts",
    needed: "STS_UNAVAILABLE",
    begin({ aws, held }) {
      const repeated = {
        AccessKeyId: held.accessKeyId,
        SecretAccessKey: held.secretAccessKey,
        SessionToken: held.sessionToken,
        Expiration: held.expiration?.toISOString(),
      };
      const patch = (fields: CredentialFields) => ({ ...fields, ...repeated });
      return aws.fault({ on: { target: "sts" }, kind: "patch-credentials", patch }).clear;
    },
  },
];

/** Each hop of a chain fails alone. */
export const SOURCE_ROLE_FAULTS: Fault[] = [
  hop("source role: no response", HUB, "TIMEOUT", { kind: "hang" }),
  hop("source role: 403 AccessDenied", HUB, "ASSUME_ROLE_DENIED", { status: 403 }, { refusal: true }),
  hop("source role: 500", HUB, "STS_UNAVAILABLE", { status: 500 }),
  hop("source role: Throttling", HUB, "STS_UNAVAILABLE", { status: 400, code: "Throttling" }, { throttles: true }),
  hop("its session: 403 ExpiredToken", ROLE, "BASE_IDENTITY_REJECTED", { status: 403, code: "ExpiredToken" }),
  hop("role: no response", ROLE, "TIMEOUT", { kind: "hang" }),
  hop("role: 403 AccessDenied", ROLE, "ASSUME_ROLE_DENIED", { status: 403 }, { refusal: true }),
  hop("role: 500", ROLE, "STS_UNAVAILABLE", { status: 500 }),
];

function hop(name: string, roleArn: string, needed: Needed, effect: FaultEffect, options: Options = {}): Fault {
  const begin = ({ aws }: FaultSetup) => aws.fault({ on: { target: "sts", roleArn }, ...effect }).clear;
  return { name, on: "sts", needed, ...options, behindHub: roleArn, begin };
}

export const IMDS_FAULTS: Fault[] = [
  imds("no response for the token", "IMDS_UNREACHABLE", { kind: "hang" }, "token", { hangs: true }),
  imds("no response for the credentials", "IMDS_UNREACHABLE", { kind: "hang" }, "credentials", { hangs: true }),
  imds("401 on every request", "IMDS_UNREACHABLE", { status: 401 }),
  imds("403 on the token", "IMDS_UNREACHABLE", { status: 403 }, "token"),
  imds("500", "IMDS_UNREACHABLE", { status: 500 }),
  {
    name: "no role is attached anymore",
    on: "imds",
    needed: "INSTANCE_PROFILE_MISSING",
    begin({ aws }) {
      const profile = { roleArn: aws.instanceProfile.current()?.roleArn as string };
      aws.instanceProfile.detach();
      return () => aws.instanceProfile.attach(profile);
    },
  },
  {
    name: "AWS rotates the credentials and refuses the old ones",
    on: "imds",
    needed: "served",
    begin({ aws }) {
      aws.expireSession(aws.instanceProfile.current()?.accessKeyId as string);
      aws.instanceProfile.rotate();
      return () => {};
    },
  },
  imds("Code other than Success", "INSTANCE_PROFILE_INVALID", {
    kind: "patch-credentials",
    patch: () => ({ Code: "AssumeRoleUnauthorizedAccess" }),
  }),
  imds("connection reset before the response", "IMDS_UNREACHABLE", { kind: "reset" }),
  imds("connection reset in the middle of the response", "IMDS_UNREACHABLE", { kind: "reset-midway" }, "credentials"),
  imds("half a response", "INSTANCE_PROFILE_INVALID", { kind: "truncated" }, "credentials"),
  imds("an empty response", "INSTANCE_PROFILE_INVALID", { kind: "empty" }, "credentials"),
  imds("HTML, such as a proxy's page", "INSTANCE_PROFILE_INVALID", html(), "credentials"),
  imds("10 MB of HTML", "INSTANCE_PROFILE_INVALID", html(`<html>${"x".repeat(TEN_MEGABYTES)}</html>`), "credentials", {
    heavy: true,
  }),
  imds(
    "malformed JSON",
    "INSTANCE_PROFILE_INVALID",
    { kind: "body", contentType: "text/plain", body: '{"Code": "Success", "AccessKeyId": ' },
    "credentials",
  ),
  imds("credentials without AccessKeyId", "INSTANCE_PROFILE_INVALID", without("AccessKeyId"), "credentials"),
  imds("credentials without SecretAccessKey", "INSTANCE_PROFILE_INVALID", without("SecretAccessKey"), "credentials"),
  imds("credentials without Token", "INSTANCE_PROFILE_INVALID", without("Token"), "credentials"),
  imds("credentials without Expiration", "INSTANCE_PROFILE_INVALID", without("Expiration"), "credentials"),
  imds("credentials that expired in 1970", "served", expiring("1970-01-01T00:00:00Z"), "credentials"), // STS takes it
  imds("credentials that expire in 2200", "served", expiring("2200-01-01T00:00:00Z"), "credentials"),
  {
    name: "the same credentials again",
    on: "imds",
    needed: "served",
    begin({ aws }) {
      aws.instanceProfile.pin();
      return () => aws.instanceProfile.unpin();
    },
  },
];
