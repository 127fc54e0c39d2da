/** The parts of the SDK that call STS. See `sdkThroughRequire` in `tsup.config.ts`. */
export {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  type AssumeRoleCommandOutput,
  AssumeRoleWithWebIdentityCommand,
  type Credentials,
  GetCallerIdentityCommand,
  type GetCallerIdentityCommandOutput,
  STSClient,
} from "@aws-sdk/client-sts";
export { getRetryAfterHint, isClockSkewCorrectedError, isThrottlingError, isTransientError } from "@smithy/core/retry";
