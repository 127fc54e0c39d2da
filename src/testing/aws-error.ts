/** An answer other than success, as an AWS API words it. The API's front turns it into its protocol's form. */
export class AwsError extends Error {
  override readonly name = "AwsError";

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** The code that AWS most often sends with a status, for a fault that names none. */
export function usualCode(status: number): string {
  switch (status) {
    case 400:
      return "ValidationError";
    case 403:
      return "AccessDenied";
    case 404:
      return "NotFound";
    case 429:
      return "Throttling";
    case 503:
      return "ServiceUnavailable";
    default:
      return status >= 500 ? "InternalFailure" : "InvalidAction";
  }
}
