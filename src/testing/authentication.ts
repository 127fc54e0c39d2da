import { AwsError } from "./aws-error.js";
import type { Exchange } from "./exchange.js";
import type { IssuedKeys, IssuedSessions } from "./issued-sessions.js";
import {
  assertSignature,
  assertSignatureTime,
  readSignature,
  type WireRequest,
  type WireSignature,
} from "./sigv4-verification.js";

/** What is known about the sender of a request. */
export interface Authentication {
  /** The signature in the request. Absent if no signature can be parsed. */
  signature?: WireSignature;
  /** The keys that signed the request. Absent unless the signature is valid. */
  signer?: IssuedKeys;
  /** Why the request must be rejected. */
  refusal?: AwsError;
}

export interface AuthenticationRules {
  issued: IssuedSessions;
  now: () => number;
  /** Whether signing times are checked against the server's clock only. */
  strictSignatureTime: boolean;
  /**
   * The server's time at its first request. The SDK must not have seen a later server time, unless `strictSignatureTime` is set.
   */
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
    // A presigned request expires at its stated time.
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

/** The sender's part of a request record. */
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
