import { setMaxListeners } from "node:events";
import { setTimeout as realDelay } from "node:timers/promises";
import { AccountRegions } from "./account-regions.js";
import { authenticate } from "./authentication.js";
import { createContainerEndpoint } from "./container-endpoint.js";
import { type Exchange, matchesFilter, type RecordedRequest, type RequestFilter } from "./exchange.js";
import { type Fault, FaultList } from "./faults.js";
import type { IamPolicy, Statement } from "./iam-policy.js";
import { createImds } from "./imds-server.js";
import { type IssuedKeys, IssuedSessions } from "./issued-sessions.js";
import { KnownRoles } from "./known-roles.js";
import type { LocalAwsOptions } from "./local-aws-options.js";
import { type LocalRole, readPermissions } from "./local-role.js";
import { type SocketCount, startLoopbackServer } from "./loopback-server.js";
import { type LocalOidcIssuer, OidcIssuer } from "./oidc-issuer.js";
import { Organization } from "./organization.js";
import { createPlatformParts } from "./platform-parts.js";
import type { LocalPlatformRole } from "./platform-role.js";
import { assertPlatform, createPlatforms, type LocalPlatformName, type LocalPlatforms } from "./platforms.js";
import { takeProcessEnv } from "./process-env.js";
import { readParameters } from "./query-protocol.js";
import { readItems, readOptions, shown } from "./read-options.js";
import { readRequestContext } from "./request-context.js";
import { parseUserArn, roleSessionIdentity, uniqueId } from "./role-identity.js";
import { createServiceSink } from "./service-sink.js";
import { readManagedPolicies } from "./session-policies.js";
import type { WireRequest } from "./sigv4-verification.js";
import { createSts, STS_VERSION } from "./sts-api.js";

const SYSTEM_CLOCK = {
  now: () => Date.now(),
  sleep: (ms: number, signal?: AbortSignal) => realDelay(ms, undefined, { signal }),
};

/** Keys issued without a call to STS, for a test's own requests. */
export interface IssuedCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Absent for a user's long-term keys. */
  sessionToken?: string;
  /** Absent for a user's long-term keys. */
  expiration?: Date;
}

/**
 * The instance metadata service, the container credential endpoint, STS and all other AWS services on loopback.
 * Printing this object shows no secrets.
 */
export interface LocalAws extends AsyncDisposable {
  /** The URL of STS and all other services, `http://127.0.0.1:<port>`. Use it as the `endpoint` of any SDK client. */
  readonly endpoint: string;
  /** The URL of the instance metadata service, `http://127.0.0.1:<port>`. */
  readonly imdsEndpoint: string;
  /**
   * The environment variables that a process needs to use this AWS. On EC2: `AWS_ENDPOINT_URL` and
   * `AWS_EC2_METADATA_SERVICE_ENDPOINT`, but no credentials or region. For another platform, see
   * {@link LocalPlatforms}. The option `platform` selects the platform, and `processEnv` sets the variables.
   */
  readonly env: Readonly<Record<string, string>>;
  /**
   * All requests since the start or the last `clearRequests()`, in order of arrival. The option `recordRequests` limits
   * them.
   */
  readonly requests: readonly Readonly<RecordedRequest>[];
  /** The number of recorded requests that match. With `status`, counts only requests with that response status. */
  count(filter?: RequestFilter & { status?: number }): number;
  clearRequests(): void;
  /** Connections to IMDS, to the container credential endpoint, and to STS and all other services combined. */
  readonly sockets: { readonly imds: SocketCount; readonly container: SocketCount; readonly aws: SocketCount };
  readonly instanceProfile: LocalPlatformRole;
  /**
   * A platform's environment variables and role. All platforms run at the same time, so you can run one program per
   * platform against one local AWS.
   */
  platform<P extends LocalPlatformName>(name: P): LocalPlatforms[P];
  /** Signs tokens for AssumeRoleWithWebIdentity. */
  readonly oidcIssuer: LocalOidcIssuer;
  /** Adds a role, or replaces the role with the same ARN. Issued sessions stay valid. */
  setRole(role: LocalRole): void;
  /** Removes a role. Issued sessions stay valid. */
  removeRole(roleArn: string): void;
  /**
   * Delays the responses to matching requests by `ms` milliseconds of the clock. If several calls match a request, the
   * last one wins. A call without a filter replaces all earlier calls, so `setLatency(0)` removes every delay.
   */
  setLatency(ms: number, filter?: RequestFilter): void;
  /** Injects a fault until it has affected `times` requests or you call `clear()`. */
  fault(fault: Fault): { clear(): void };
  /**
   * All secret keys, session tokens, IMDS tokens and web identity tokens issued so far, so that a test can search for
   * leaks.
   */
  secrets(): string[];
  /**
   * Issues session keys for a role without a call to STS. `lifetime` is in milliseconds; the default is one hour. The
   * role can be unknown to this AWS, but then it cannot assume other roles.
   */
  issueSession(session: { roleArn: string; roleSessionName?: string; lifetime?: number }): IssuedCredentials;
  /**
   * Issues long-term keys for an IAM user. For `policy` and `allowAssumeRole`, see {@link PlatformRole}.
   * `allowAssumeRole` defaults to `["*"]`.
   */
  issueUserKeys(user: { userArn: string; policy?: IamPolicy; allowAssumeRole?: readonly string[] }): IssuedCredentials;
  /** Makes STS and the services reject these keys with ExpiredToken. */
  expireSession(accessKeyId: string): void;
  /** Stops the servers and closes all connections, without sending pending responses. */
  close(): Promise<void>;
}

/**
 * Starts a local AWS simulator that checks what AWS checks: IMDSv2 tokens, signatures, session tokens, trust policies,
 * external ids and limits. It listens on three free ports of 127.0.0.1, and no traffic leaves the machine.
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
  const { clock = SYSTEM_CLOCK, region = "us-east-1", platform = "EC2" } = options;
  if (typeof clock?.now !== "function") throw new TypeError(`clock must be an object with now(), got ${shown(clock)}`);
  assertPlatform("platform", platform);
  const now = () => clock.now();
  const sleep = (ms: number, signal: AbortSignal) => (clock.sleep ?? SYSTEM_CLOCK.sleep)(ms, signal);
  const issued = new IssuedSessions();
  const requestContext = readRequestContext("requestContext", options.requestContext ?? {});
  const addSecrets = (...secrets: (string | undefined)[]) => issued.addSecrets(...secrets);
  const oidcIssuer = new OidcIssuer(region, options.oidcIssuer ?? {}, now, addSecrets);
  const { instanceProfile: givenProfile } = options;
  const parts = createPlatformParts({ issued, now, requestContext, region, oidcIssuer, instanceProfile: givenProfile });
  const { instanceProfile, webIdentityRole } = parts;
  const platformRoles = [instanceProfile, parts.task, parts.pod, parts.lambda];
  const listed = readItems("roles", options.roles ?? []).map((role) => readOptions("roles", role));
  const organization = options.organization === undefined ? undefined : new Organization(options.organization);
  const roles = new KnownRoles([webIdentityRole, ...listed], organization);
  const userPermissions = new Map<string, readonly Statement[]>();
  const regions = new AccountRegions(readItems("disabledRegions", options.disabledRegions ?? []), organization);
  const faults = new FaultList(now);
  const requests: RecordedRequest[] = [];
  const isRecorded = readRecording(options.recordRequests ?? true);
  let latencies: { ms: number; filter: RequestFilter }[] = [];
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // every delayed response listens to it

  const findPermissions = ({ kind, identity: { accessKeyId, roleArn = "" } }: IssuedKeys): readonly Statement[] => {
    if (kind === "user") return userPermissions.get(accessKeyId) ?? [];
    const platformRole = platformRoles.find((role) => role.kind === kind);
    return platformRole?.findPermissions(roleArn) ?? roles.find(roleArn)?.permissions ?? [];
  };

  const imds = createImds({
    profile: instanceProfile,
    now,
    region,
    v1: options.imds?.v1 ?? false,
    addSecrets,
  });
  const container = createContainerEndpoint({ parts, now, addSecrets });
  const sts = createSts({
    issued,
    now,
    oidcIssuer,
    findRole: (roleArn) => roles.find(roleArn),
    findPermissions,
    managedPolicies: readManagedPolicies("managedPolicies", options.managedPolicies ?? {}),
    defaultTrustedPrincipals: () => [...platformRoles.flatMap((role) => role.roleArns), webIdentityRole.roleArn],
    regions,
    organization,
    denialContext: options.denialContext ?? false,
    requestContext,
  });
  const sink = createServiceSink({ regions, organization });
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
    if (isRecorded(exchange.about)) requests.push(record);
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
  const containerServer = await startLoopbackServer(serve(container));
  const awsServer = await startLoopbackServer(serve(anyService));
  const platforms = createPlatforms(parts, {
    env: { AWS_ENDPOINT_URL: awsServer.url, AWS_EC2_METADATA_SERVICE_ENDPOINT: imdsServer.url },
    containerUrl: containerServer.url,
    region,
  });
  const { env } = platforms[platform];
  environment?.set(env);
  const close = async () => {
    environment?.restore();
    closing.abort();
    parts.tokenFiles.remove();
    await Promise.all([imdsServer.close(), containerServer.close(), awsServer.close()]);
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
    sockets: { imds: imdsServer.sockets, container: containerServer.sockets, aws: awsServer.sockets },
    instanceProfile,
    platform: (name) => {
      assertPlatform("platform(name)", name);
      return platforms[name];
    },
    oidcIssuer,
    setRole: (role) => roles.set(role),
    removeRole: (roleArn) => roles.remove(roleArn),
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
      if (issued.find(accessKeyId) === undefined)
        throw new RangeError(`expireSession() got an unknown access key id: ${accessKeyId}`);
      issued.expire(accessKeyId);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Which requests to record. */
function readRecording(option: boolean | RequestFilter): (about: Exchange["about"]) => boolean {
  if (typeof option === "boolean") return () => option;
  if (typeof option !== "object" || option === null) {
    throw new TypeError(`recordRequests must be true, false or a filter, got ${shown(option)}`);
  }
  const filter = { ...option };
  return (about) => matchesFilter(about, filter);
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
