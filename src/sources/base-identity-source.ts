import { withDeadline } from "../abort.js";
import { isRolecallError, RolecallError } from "../errors.js";
import type { BaseIdentity } from "../request/base-identity.js";
import { ACCESS_KEY_ID } from "../request/limits.js";
import type { StsTarget } from "../request/role-request.js";
import type { Runtime } from "../runtime.js";
import type { AwsCredentialIdentity } from "../sdk-types.js";
import type { Flight } from "../session/flight.js";
import { DEFAULT_RULES, INSTANCE_PROFILE_RULES, lifeUntil, type RefreshRules } from "../session/refresh-policy.js";
import { redacted } from "../session/session-credentials.js";
import type { Load, SessionSource } from "../session/session-source.js";
import type { Machine } from "./machine.js";
import { safeCause } from "./safe-cause.js";
import { isValidDate, type ServerClocks } from "./server-clock.js";

/** Milliseconds. A provider may have to ask a person; the metadata service has a shorter limit of its own. */
const READ_TIMEOUT = 60_000;

export interface BaseIdentityContext {
  readonly runtime: Runtime;
  readonly machine: Machine;
  readonly serverClocks: ServerClocks;
}

/** The base identity: read once, shared by all roles, kept fresh like any session. */
export class BaseIdentitySource implements SessionSource {
  readonly #base: BaseIdentity;
  /** The STS endpoint that is asked with this identity. */
  readonly #target: StsTarget;
  readonly #context: BaseIdentityContext;

  constructor(base: BaseIdentity, target: StsTarget, context: BaseIdentityContext) {
    this.#base = base;
    this.#target = target;
    this.#context = context;
  }

  get key(): string {
    return this.#base.key;
  }

  get roleArn(): undefined {
    return undefined;
  }

  get rules(): RefreshRules {
    return this.#base.kind === "instance-profile" ? INSTANCE_PROFILE_RULES : DEFAULT_RULES;
  }

  async load({ signal }: Flight): Promise<Load> {
    const { runtime, serverClocks } = this.#context;
    const identity = await this.#read(signal);
    if (!isCredentialSet(identity)) throw this.#failed("Its answer is no credential set");
    const credentials = redacted(identity);
    if (!identity.expiration) return { kind: "issued", credentials, life: Number.POSITIVE_INFINITY };
    const serverNow = serverClocks.of(this.#target).now(runtime);
    const life = lifeUntil(identity.expiration.getTime(), serverNow, runtime.now());
    if (life !== undefined) return { kind: "issued", credentials, life };
    return { kind: "past-expiry", credentials, error: this.#failed("Its credentials have expired already") };
  }

  async #read(signal: AbortSignal): Promise<AwsCredentialIdentity> {
    const { runtime, machine } = this.#context;
    const { plainHttp } = this.#base;
    const provider = this.#base.provider();
    const reason = () => this.#failed(`No answer within ${READ_TIMEOUT / 1000} seconds`);
    try {
      return await withDeadline({ runtime, ms: READ_TIMEOUT, reason, signal }, (either) =>
        provider ? provider() : machine.identity(plainHttp, either),
      );
    } catch (error) {
      throw isRolecallError(error) ? error : this.#failed("It failed", { thrown: error });
    }
  }

  #failed(what: string, failure?: Thrown): RolecallError {
    return this.#base.kind === "instance-profile"
      ? instanceProfileFailed(what, failure)
      : providerFailed(what, failure);
  }
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
