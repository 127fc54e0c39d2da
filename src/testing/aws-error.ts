/** An error response with AWS's code and message. Each API converts it to its own protocol. */
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

/** The error code that AWS most often sends with a status. Used for faults without a code. */
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

/** The throttling error of a service, given its signing name. */
export function throttlingError(service: string | undefined): AwsError {
  switch (service) {
    case "account":
      return new AwsError(429, "TooManyRequestsException", "Rate exceeded");
    case "ec2":
      return new AwsError(503, "RequestLimitExceeded", "Request limit exceeded.");
    case "organizations":
      return new AwsError(400, "TooManyRequestsException", "Rate exceeded");
    default:
      return new AwsError(400, "Throttling", "Rate exceeded");
  }
}
