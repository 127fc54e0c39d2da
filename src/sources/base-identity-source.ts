import { withDeadline } from "../abort.js";
import { isRolecallError, RolecallError } from "../errors.js";
import type { BaseIdentity } from "../request/base-identity.js";
import type { Link } from "../request/chain.js";
import { ACCESS_KEY_ID } from "../request/limits.js";
import type { Runtime } from "../runtime.js";
import type { AwsCredentialIdentity } from "../sdk-types.js";
import type { Flight } from "../session/flight.js";
import {
  INSTANCE_PROFILE_RULES,
  lifeUntil,
  PROVIDER_RULES,
  REREAD_RULES,
  type RefreshRules,
  ROLE_RULES,
} from "../session/refresh-policy.js";
import { redacted } from "../session/session-credentials.js";
import type { Load } from "../session/session-loader.js";
import type { Machine } from "./machine.js";
import { safeCause } from "./safe-cause.js";
import { isValidDate, type ServerClock } from "./server-clock.js";
import type { SourceIdentity } from "./source-identity.js";
import type { Sts } from "./sts.js";

/** Milliseconds. Long enough for a provider that prompts a person. Other sources have their own, shorter limits. */
const READ_TIMEOUT = 60_000;

export interface BaseIdentityContext {
  readonly runtime: Runtime;
  readonly machine: Machine;
  /** The clock of the STS endpoint that this identity calls. */
  readonly serverClock: () => ServerClock;
  readonly sts: () => Promise<Sts>;
}

const CHECK_SOURCE =
  "Renew the credentials at their source, and check the machine's clock. The library never falls back to another identity.";

const RULES: Record<BaseIdentity["kind"], RefreshRules> = {
  "instance-profile": INSTANCE_PROFILE_RULES,
  container: REREAD_RULES,
  profile: REREAD_RULES,
  "web-identity": ROLE_RULES,
  environment: PROVIDER_RULES,
  provider: PROVIDER_RULES,
  static: PROVIDER_RULES,
};

export function refreshRulesOf({ kind }: BaseIdentity): RefreshRules {
  return RULES[kind];
}

/** Loads the base identity. All roles share it, and it is refreshed like any session. */
export function baseIdentitySource(
  { base, sts: target }: Pick<Link, "base" | "sts">,
  context: BaseIdentityContext,
): (flight: Flight) => Promise<Load> {
  const origin = base.origin();
  return async (flight) =>
    origin.kind === "web-identity"
      ? (await context.sts()).assumeWithWebIdentity(origin.webIdentity, base.key, target, flight)
      : toLoad(base, await readIdentity(base, context, flight.signal), context);
}

async function readIdentity(
  base: BaseIdentity,
  context: BaseIdentityContext,
  signal: AbortSignal,
): Promise<SourceIdentity> {
  const { runtime } = context;
  const reason = () => failed(base, `It did not respond within ${READ_TIMEOUT / 1000} seconds`);
  try {
    return await withDeadline({ runtime, ms: READ_TIMEOUT, reason, signal }, (either) => read(base, context, either));
  } catch (error) {
    throw isRolecallError(error) ? error : failed(base, "It failed", { thrown: error });
  }
}

/** Each reader is loaded at first use. */
async function read(
  base: BaseIdentity,
  { runtime, machine }: BaseIdentityContext,
  signal: AbortSignal,
): Promise<SourceIdentity> {
  const origin = base.origin();
  switch (origin.kind) {
    case "container":
      return (await import("./container.js")).readContainer(origin.endpoint, runtime, signal);
    case "profile":
      return (await import("./profile.js")).readProfile(origin.profile, runtime);
    case "provider":
      return { credentials: await origin.provider() };
    case "static":
    case "environment":
      return { credentials: origin.identity };
    default:
      return machine.identity(origin.kind === "instance-profile" && origin.plainHttp, signal);
  }
}

function toLoad(base: BaseIdentity, read: SourceIdentity, { runtime, serverClock }: BaseIdentityContext): Load {
  if (!isCredentialSet(read?.credentials)) throw failed(base, "It returned something other than credentials");
  const { expiration } = read.credentials;
  const { identity = read.credentials.accountId } = read;
  const credentials = redacted(read.credentials);
  const life = expiration
    ? lifeUntil(expiration.getTime(), serverClock().now(runtime), runtime.now())
    : Number.POSITIVE_INFINITY;
  if (life !== undefined) return { kind: "issued", credentials, life, identity };
  return { kind: "past-expiry", credentials, error: failed(base, "Its credentials have already expired"), identity };
}

function isCredentialSet(value: AwsCredentialIdentity | undefined): value is AwsCredentialIdentity {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = value ?? {};
  return (
    typeof accessKeyId === "string" &&
    ACCESS_KEY_ID.test(accessKeyId) &&
    typeof secretAccessKey === "string" &&
    secretAccessKey !== "" &&
    (sessionToken === undefined || typeof sessionToken === "string") &&
    (expiration === undefined || isValidDate(expiration))
  );
}

/** What the caller's function threw. */
interface Thrown {
  readonly thrown: unknown;
}

function failed(base: BaseIdentity, what: string, failure?: Thrown): RolecallError {
  const cause = failure && { cause: safeCause(failure.thrown), reason: failure.thrown };
  const details = { step: "base-identity", retryable: true, ...cause } as const;
  if (base.kind === "instance-profile") {
    const message = `Can't use the instance profile. ${what}.`;
    const hint = "Check the instance profile's role and the machine's clock.";
    return new RolecallError("INSTANCE_PROFILE_INVALID", message, { ...details, hint });
  }
  const message = `Can't use ${base.description}. ${what}.`;
  const hint = base.kind === "provider" ? providerHint(failure) : CHECK_SOURCE;
  return new RolecallError("BASE_IDENTITY_UNAVAILABLE", message, { ...details, hint });
}

function providerHint(failure: Thrown | undefined): string {
  return failure
    ? "To see what the provider threw, read the error's reason, which no log prints. The library never falls back to another identity."
    : "Call the provider directly to see why. The library never falls back to another identity.";
}
