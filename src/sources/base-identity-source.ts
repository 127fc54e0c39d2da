import { withDeadline } from "../abort.js";
import { isRolecallError, RolecallError } from "../errors.js";
import type { BaseIdentity } from "../request/base-identity.js";
import { ACCESS_KEY_ID } from "../request/limits.js";
import type { Runtime } from "../runtime.js";
import type { AwsCredentialIdentity } from "../sdk-types.js";
import { DEFAULT_RULES, INSTANCE_PROFILE_RULES, lifeUntil } from "../session/refresh-policy.js";
import { redacted } from "../session/session-credentials.js";
import type { SessionSource } from "../session/session-source.js";
import type { Machine } from "./machine.js";
import { safeCause } from "./safe-cause.js";
import { isValidDate, type ServerClock } from "./server-clock.js";

/** Milliseconds. A provider may have to ask a person. The metadata service has its own, shorter limit. */
const READ_TIMEOUT = 60_000;

export interface BaseIdentityContext {
  readonly runtime: Runtime;
  readonly machine: Machine;
  /** That of the STS endpoint which is asked with this identity. */
  readonly serverClock: () => ServerClock;
}

/** The base identity: read once, shared by all roles, kept fresh like any session. */
export function baseIdentitySource(
  base: BaseIdentity,
  { runtime, machine, serverClock }: BaseIdentityContext,
): SessionSource {
  const isInstanceProfile = base.kind === "instance-profile";
  const failed = isInstanceProfile ? instanceProfileFailed : providerFailed;
  const reason = () => failed(`No answer within ${READ_TIMEOUT / 1000} seconds`);
  const origin = base.origin();
  const read = (signal: AbortSignal) =>
    origin.kind === "provider"
      ? origin.provider()
      : "identity" in origin
        ? origin.identity
        : machine.identity(origin.kind === "instance-profile" && origin.plainHttp, signal);
  return {
    key: base.key,
    roleArn: undefined,
    rules: isInstanceProfile ? INSTANCE_PROFILE_RULES : DEFAULT_RULES,
    async load({ signal }) {
      let identity: AwsCredentialIdentity;
      try {
        identity = await withDeadline({ runtime, ms: READ_TIMEOUT, reason, signal }, read);
      } catch (error) {
        throw isRolecallError(error) ? error : failed("It failed", { thrown: error });
      }
      if (!isCredentialSet(identity)) throw failed("It returned something other than credentials");
      const credentials = redacted(identity);
      if (!identity.expiration) return { kind: "issued", credentials, life: Number.POSITIVE_INFINITY };
      const life = lifeUntil(identity.expiration.getTime(), serverClock().now(runtime), runtime.now());
      if (life !== undefined) return { kind: "issued", credentials, life };
      return { kind: "past-expiry", credentials, error: failed("Its credentials have expired already") };
    },
  };
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

/** What the caller's own function threw. */
interface Thrown {
  readonly thrown: unknown;
}

function reasonAndCause({ thrown }: Thrown) {
  return { cause: safeCause(thrown), reason: thrown };
}

function instanceProfileFailed(what: string, failure?: Thrown): RolecallError {
  return new RolecallError("INSTANCE_PROFILE_INVALID", `The instance profile cannot be used. ${what}.`, {
    step: "base-identity",
    retryable: true,
    hint: "Look at the role of the instance profile and at the machine's clock.",
    ...(failure && reasonAndCause(failure)),
  });
}

function providerFailed(what: string, failure?: Thrown): RolecallError {
  return new RolecallError(
    "BASE_IDENTITY_UNAVAILABLE",
    `The credential provider in instance.credentials gives no credentials. ${what}.`,
    {
      step: "base-identity",
      retryable: true,
      hint: failure
        ? "The error's reason is what the provider threw, and no log prints it; no other identity is used in its place."
        : "Call that provider alone to see why; no other identity is used in its place.",
      ...(failure && reasonAndCause(failure)),
    },
  );
}
