import { setMaxListeners } from "node:events";
import { setTimeout as realDelay } from "node:timers/promises";
import { authenticate } from "./authentication.js";
import { type Exchange, matchesFilter, type RecordedRequest, type RequestFilter } from "./exchange.js";
import { type Fault, FaultList } from "./faults.js";
import type { IamPolicy, Statement } from "./iam-policy.js";
import { createImds } from "./imds-server.js";
import { DEFAULT_INSTANCE_PROFILE, InstanceProfileState, type LocalInstanceProfile } from "./instance-profile.js";
import { type IssuedKeys, IssuedSessions } from "./issued-sessions.js";
import type { LocalAwsOptions } from "./local-aws-options.js";
import { type KnownRole, type LocalRole, readLocalRole, readPermissions } from "./local-role.js";
import { type SocketCount, startLoopbackServer } from "./loopback-server.js";
import { takeProcessEnv } from "./process-env.js";
import { readParameters } from "./query-protocol.js";
import { readItems, readOptions, shown } from "./read-options.js";
import { readRequestContext } from "./request-context.js";
import { parseUserArn, roleSessionIdentity, uniqueId } from "./role-identity.js";
import { createServiceSink } from "./service-sink.js";
import type { WireRequest } from "./sigv4-verification.js";
import { createSts, STS_VERSION } from "./sts-api.js";

const MACHINE_CLOCK = {
  now: () => Date.now(),
  sleep: (ms: number, signal?: AbortSignal) => realDelay(ms, undefined, { signal }),
};

/** Keys that STS has not handed out in answer to a call: for a test's own requests. */
export interface IssuedCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Absent for a user's long-term keys. */
  sessionToken?: string;
  /** Absent for a user's long-term keys. */
  expiration?: Date;
}

/** Instance metadata, STS and every other AWS service on loopback. Printing it shows no secret. */
export interface LocalAws extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, STS and every other service; the `endpoint` of any SDK client. */
  readonly endpoint: string;
  /** `http://127.0.0.1:<port>`, the instance metadata service. */
  readonly imdsEndpoint: string;
  /**
   * What a process needs in its environment to use this AWS: `AWS_ENDPOINT_URL` and
   * `AWS_EC2_METADATA_SERVICE_ENDPOINT`. No credentials and no region. The option `processEnv` sets it.
   */
  readonly env: Readonly<Record<string, string>>;
  /** Every request since the start or `clearRequests()`, in order of arrival. */
  readonly requests: readonly Readonly<RecordedRequest>[];
  /** How many recorded requests match. With `status`, only those that were answered with it. */
  count(filter?: RequestFilter & { status?: number }): number;
  clearRequests(): void;
  /** Connections to IMDS, and to STS and the services together. */
  readonly sockets: { readonly imds: SocketCount; readonly aws: SocketCount };
  readonly instanceProfile: LocalInstanceProfile;
  /** Adds a role, or replaces the one with the same ARN. Sessions that were issued stay valid. */
  setRole(role: LocalRole): void;
  /** Removes a role. Sessions that were issued stay valid. */
  removeRole(roleArn: string): void;
  /**
   * Makes matching requests wait `ms` milliseconds of the clock for their answer; the last call that matches a request
   * counts.
   * Without a filter all earlier calls are forgotten: `setLatency(0)` ends every wait.
   */
  setLatency(ms: number, filter?: RequestFilter): void;
  /** Injects a fault until it has hit `times` requests or `clear()` is called. */
  fault(fault: Fault): { clear(): void };
  /** Every secret key, session token and IMDS token handed out so far, so that a test can search for leaks. */
  secrets(): string[];
  /**
   * Keys of a session of a role, without a call. `lifetime` in ms, default one hour. The role need not be known; only
   * a known one may assume others.
   */
  issueSession(session: { roleArn: string; roleSessionName?: string; lifetime?: number }): IssuedCredentials;
  /** Long-term keys of an IAM user. `policy` and `allowAssumeRole` as in {@link InstanceProfile}, default `["*"]`. */
  issueUserKeys(user: { userArn: string; policy?: IamPolicy; allowAssumeRole?: readonly string[] }): IssuedCredentials;
  /** From now on STS and the services answer ExpiredToken to these keys. */
  expireSession(accessKeyId: string): void;
  /** Ends the servers, with every open connection and every answer that is still due. */
  close(): Promise<void>;
}

/**
 * Starts an AWS on loopback that checks what AWS checks: IMDSv2 tokens, signatures, session tokens, trust policies,
 * external ids and limits. Two ports of 127.0.0.1 that were free; nothing leaves the machine.
 *
 * @example
 * ```ts
 * const aws = await startLocalAws({
 *   processEnv: true,
 *   roles: [{ roleArn: "arn:aws:iam::123456789012:role/Inventory", externalId: "acme" }],
 * });
 * // … run the command under test …
 * assert.equal(aws.count({ operation: "AssumeRole", status: 200 }), 1);
 * await aws.close(); // restores the environment
 * ```
 */
export async function startLocalAws(given: LocalAwsOptions = {}): Promise<LocalAws> {
  const options = readOptions("startLocalAws", given);
  const { clock = MACHINE_CLOCK, region = "us-east-1", instanceProfile = DEFAULT_INSTANCE_PROFILE } = options;
  if (typeof clock?.now !== "function") throw new TypeError(`clock must be an object with now(), got ${shown(clock)}`);
  const now = () => clock.now();
  const sleep = (ms: number, signal: AbortSignal) => (clock.sleep ?? MACHINE_CLOCK.sleep)(ms, signal);
  const issued = new IssuedSessions();
  const requestContext = readRequestContext("requestContext", options.requestContext ?? {});
  const profile = new InstanceProfileState(issued, now, instanceProfile, requestContext);
  const listed = readItems("roles", options.roles ?? []).map((role) => readOptions("roles", role));
  const roles = new Map<string, KnownRole>(listed.map((role) => [role.roleArn, readLocalRole(role)]));
  const userPermissions = new Map<string, readonly Statement[]>();
  const disabledRegions = new Set(readItems("disabledRegions", options.disabledRegions ?? []));
  const faults = new FaultList(now);
  const requests: RecordedRequest[] = [];
  let latencies: { ms: number; filter: RequestFilter }[] = [];
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // every answer that is due waits for it

  const findPermissions = ({ kind, identity: { accessKeyId, roleArn = "" } }: IssuedKeys): readonly Statement[] => {
    if (kind === "user") return userPermissions.get(accessKeyId) ?? [];
    const ofProfile = kind === "instance-profile" ? profile.findPermissions(roleArn) : undefined;
    return ofProfile ?? roles.get(roleArn)?.permissions ?? [];
  };

  const isDisabled = (name: string) => disabledRegions.has(name);
  const imds = createImds({
    profile,
    now,
    region,
    v1: options.imds?.v1 ?? false,
    addSecrets: (...secrets) => issued.addSecrets(...secrets),
  });
  const sts = createSts({
    issued,
    now,
    findRole: (roleArn) => roles.get(roleArn),
    findPermissions,
    defaultTrustedPrincipals: () => profile.roleArns,
    isDisabled,
    denialContext: options.denialContext ?? false,
    requestContext,
  });
  const sink = createServiceSink(isDisabled);
  const { strictSignatureTime = false } = options;
  let firstRequestAt: number | undefined;
  const anyService = (request: WireRequest): Exchange => {
    firstRequestAt ??= now();
    const sender = authenticate(request, { issued, now, strictSignatureTime, firstRequestAt });
    const isSts =
      sender.signature === undefined
        ? readParameters(request).Version === STS_VERSION
        : sender.signature.service === "sts";
    return isSts ? sts(request, sender) : sink(request, sender);
  };

  const serve = (toExchange: (request: WireRequest) => Exchange) => async (request: WireRequest) => {
    const exchange = toExchange(request);
    const userAgent = request.headers["user-agent"]?.[0];
    const record: RecordedRequest = { ...exchange.about, time: now(), ...(userAgent !== undefined && { userAgent }) };
    requests.push(record);
    const latency = latencies.findLast(({ filter }) => matchesFilter(exchange.about, filter))?.ms ?? 0;
    if (latency > 0) await sleep(latency, closing.signal);

    const { answer, delivery, dateSkew } = faults.answer(exchange);
    if (delivery === "whole" || delivery === "reset-midway") {
      record.status = answer.status;
      if (answer.errorCode !== undefined) record.errorCode = answer.errorCode;
    }
    const date = new Date(now() + dateSkew).toUTCString();
    return { answer: { ...answer, headers: { date, ...answer.headers } }, delivery };
  };

  if (options.imds?.hopLimitExceeded) faults.add({ on: { target: "imds", operation: "token" }, kind: "hang" });
  const { processEnv = false } = options;
  if (typeof processEnv !== "boolean")
    throw new TypeError(`processEnv must be true or false, got ${shown(processEnv)}`);
  const environment = processEnv ? takeProcessEnv() : undefined;
  const imdsServer = await startLoopbackServer(serve(imds));
  const awsServer = await startLoopbackServer(serve(anyService));
  const env = { AWS_ENDPOINT_URL: awsServer.url, AWS_EC2_METADATA_SERVICE_ENDPOINT: imdsServer.url };
  environment?.set(env);
  const close = async () => {
    environment?.restore();
    closing.abort();
    await Promise.all([imdsServer.close(), awsServer.close()]);
  };

  return {
    endpoint: awsServer.url,
    imdsEndpoint: imdsServer.url,
    env,
    requests,
    count: ({ status, ...filter } = {}) =>
      requests.filter((record) => matchesFilter(record, filter) && (status === undefined || status === record.status))
        .length,
    clearRequests: () => {
      requests.length = 0;
    },
    sockets: { imds: imdsServer.sockets, aws: awsServer.sockets },
    instanceProfile: profile,
    setRole: (role) => {
      roles.set(role.roleArn, readLocalRole(role));
    },
    removeRole: (roleArn) => {
      roles.delete(roleArn);
    },
    setLatency: (ms, filter) => {
      if (!(ms >= 0 && Number.isFinite(ms)))
        throw new RangeError(`setLatency(ms) takes a number of at least 0, got ${ms}`);
      latencies = filter === undefined ? [{ ms, filter: {} }] : [...latencies, { ms, filter: { ...filter } }];
    },
    fault: (fault) => faults.add(fault),
    secrets: () => issued.secrets(),
    issueSession: (session) => toCredentials(issueSession(issued, now(), session)),
    issueUserKeys: (user) => {
      const permissions = readPermissions("user", user, ["*"]);
      const keys = issueUserKeys(issued, user.userArn);
      userPermissions.set(keys.identity.accessKeyId, permissions);
      return toCredentials(keys);
    },
    expireSession: (accessKeyId) => {
      if (issued.find(accessKeyId) === undefined) throw new RangeError(`expireSession() knows no keys ${accessKeyId}`);
      issued.expire(accessKeyId);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const DEFAULT_LIFETIME = 3_600_000;

function issueSession(
  issued: IssuedSessions,
  now: number,
  { roleArn, roleSessionName = "issued", lifetime = DEFAULT_LIFETIME }: Parameters<LocalAws["issueSession"]>[0],
): IssuedKeys {
  const identity = roleSessionIdentity("roleArn", roleArn, roleSessionName);
  return issued.issue({ kind: "role", identity, expiration: now + lifetime, issuedAt: now });
}

function issueUserKeys(issued: IssuedSessions, userArn: string): IssuedKeys {
  const user = parseUserArn(userArn);
  if (user === undefined) throw new TypeError(`userArn must be an IAM user's ARN, got ${JSON.stringify(userArn)}`);
  const identity = { arn: userArn, accountId: user.accountId, userId: uniqueId("AIDA", userArn) };
  return issued.issue({ kind: "user", identity });
}

function toCredentials({ identity, secretAccessKey, sessionToken, expiration }: IssuedKeys): IssuedCredentials {
  return {
    accessKeyId: identity.accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    ...(expiration !== undefined && { expiration: new Date(expiration) }),
  };
}
