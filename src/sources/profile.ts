import { RolecallError } from "../errors.js";
import { quoted } from "../request/validation.js";
import type { Runtime } from "../runtime.js";
import { fromIni } from "../sdk/profiles.js";
import { configurationFiles } from "../store/aws-environment.js";
import { safeCause } from "./safe-cause.js";
import type { SourceIdentity } from "./source-identity.js";

/**
 * Reads a profile with the SDK's own provider, from the current files. It reads only what the profile names.
 * @throws RolecallError `BASE_IDENTITY_UNAVAILABLE`
 */
export async function readProfile(profile: string, { env }: Runtime): Promise<SourceIdentity> {
  const { config, credentials } = configurationFiles(env);
  try {
    const identity = await fromIni({ profile, configFilepath: config, filepath: credentials, ignoreCache: true })();
    return { credentials: identity, identity: identity.accountId };
  } catch (error) {
    throw unavailable(profile, error);
  }
}

/** The SDK's message explains what is wrong with the profile, and contains no keys. */
function unavailable(profile: string, error: unknown): RolecallError {
  const cause = safeCause(error);
  const why = cause.name === "CredentialsProviderError" ? ` ${cause.message.replace(/\.?$/, ".")}` : "";
  return new RolecallError("BASE_IDENTITY_UNAVAILABLE", `Can't use the profile ${quoted(profile)}.${why}`, {
    step: "base-identity",
    retryable: true,
    hint: `Test the profile with aws sts get-caller-identity --profile ${JSON.stringify(profile)}. If the profile uses IAM Identity Center (SSO), run aws sso login first. The library never falls back to another identity.`,
    cause,
  });
}
