import { AwsError } from "./aws-error.js";
import type { Exchange } from "./exchange.js";
import type { IssuedKeys, IssuedSessions } from "./issued-sessions.js";
import {
  assertSignature,
  assertSignatureTime,
  type WireSignature,
  readSignature,
  type WireRequest,
} from "./sigv4-verification.js";

/** What is known about who sent a request. */
export interface Authentication {
  /** What the request states. Absent if it states nothing that can be read. */
  signature?: WireSignature;
  /** Whose keys signed it. Absent unless the signature holds. */
  signer?: IssuedKeys;
  /** Why it must not be answered. */
  refusal?: AwsError;
}

export interface AuthenticationRules {
  issued: IssuedSessions;
  now: () => number;
  /** Whether the server's clock alone judges when a request was signed. */
  strictSignatureTime: boolean;
  /** The server's time at its first request. Without `strictSignatureTime`, the SDK may have heard of no later one. */
  firstRequestAt: number;
}

export function authenticate(
  request: WireRequest,
  { issued, now, strictSignatureTime, firstRequestAt }: AuthenticationRules,
): Authentication {
  const known: Authentication = {};
  try {
    const signature = readSignature(request);
    known.signature = signature;
    // A presigned request ends at its own time, whatever its signer knew.
    const earliest = signature.expires === undefined ? firstRequestAt : now();
    assertSignatureTime(signature, strictSignatureTime ? [now()] : [now(), Date.now(), earliest]);
    const signer = issued.find(signature.accessKeyId);
    if (signer === undefined || signer.sessionToken !== signature.sessionToken) {
      throw new AwsError(403, "InvalidClientTokenId", "The security token included in the request is invalid.");
    }
    assertSignature(request, signature, signer.secretAccessKey);
    known.signer = signer;
    if (issued.isExpired(signer, now())) {
      const status = signature.service === "sts" ? 403 : 400;
      throw new AwsError(status, "ExpiredToken", "The security token included in the request is expired");
    }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    known.refusal = error;
  }
  return known;
}

/** What a record says about the sender. */
export function describeSender({ signature, signer }: Authentication): Partial<Exchange["about"]> {
  return {
    ...(signature !== undefined && {
      service: signature.service,
      region: signature.region,
      accessKeyId: signature.accessKeyId,
    }),
    ...(signer !== undefined && { session: { ...signer.identity } }),
  };
}

export function assertSender({ signer, refusal }: Authentication): IssuedKeys {
  if (refusal !== undefined) throw refusal;
  return signer as IssuedKeys;
}
