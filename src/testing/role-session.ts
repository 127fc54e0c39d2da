import { AwsError } from "./aws-error.js";
import { toIsoSeconds } from "./aws-time.js";
import { element } from "./aws-xml.js";
import type { CredentialFields, PatchCredentials } from "./exchange.js";
import type { IssuedSessions, IssueOptions } from "./issued-sessions.js";

const DEFAULT_MAX_SESSION_SECONDS = 3600;

/** Issues the keys of a role session. Returns the fields of the STS response. */
export function issueRoleSession(
  issued: IssuedSessions,
  patch: PatchCredentials,
  options: IssueOptions,
): CredentialFields {
  const keys = issued.issue(options);
  const fields = patch({
    AccessKeyId: keys.identity.accessKeyId,
    SecretAccessKey: keys.secretAccessKey,
    SessionToken: keys.sessionToken,
    Expiration: toIsoSeconds(keys.expiration ?? 0),
    Arn: keys.identity.arn,
    AssumedRoleId: keys.identity.userId,
  });
  issued.addSecrets(fields.SecretAccessKey, fields.SessionToken);
  return fields;
}

/** The response elements that all operations that assume a role share. */
export function roleSessionElements(fields: CredentialFields): readonly string[] {
  return [
    element("AssumedRoleUser", [element("AssumedRoleId", fields.AssumedRoleId), element("Arn", fields.Arn)]),
    element("Credentials", [
      element("AccessKeyId", fields.AccessKeyId),
      element("SecretAccessKey", fields.SecretAccessKey),
      element("SessionToken", fields.SessionToken),
      element("Expiration", fields.Expiration),
    ]),
  ];
}

export function assertMaxSessionDuration(seconds: number, maxSessionSeconds = DEFAULT_MAX_SESSION_SECONDS): void {
  if (seconds <= maxSessionSeconds) return;
  const message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
  throw new AwsError(400, "ValidationError", message);
}
