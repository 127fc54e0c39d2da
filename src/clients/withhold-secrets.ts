import type { RoleIdentity } from "./role-identity.js";
import type { Middleware } from "./sdk-middleware.js";

/**
 * Takes the session token out of a service's error: S3 repeats a token that it refuses as `Token-0`, and the whole
 * signed request, as text and as bytes, where a signature does not match.
 */
export const withholdSecrets =
  (_: RoleIdentity): Middleware =>
  (next, context) =>
  async (args) => {
    try {
      return await next(args);
    } catch (error) {
      const token = context.__smithy_context?.selectedHttpAuthScheme?.identity?.sessionToken;
      if (token && typeof error === "object" && error !== null) withhold(error as Record<string, unknown>, token);
      throw error;
    }
  };

function withhold(error: Record<string, unknown>, token: string): void {
  const bytes = [...Buffer.from(token)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  for (const name of Object.getOwnPropertyNames(error)) {
    const text = error[name];
    if (typeof text !== "string") continue;
    const safe = [token, encodeURIComponent(token), bytes].reduce(
      (rest, form) => rest.replaceAll(form, "[redacted]"),
      text,
    );
    if (safe !== text) error[name] = safe;
  }
}
