import { POD_CREDENTIALS_PATH } from "./container-endpoint.js";
import type { WebIdentityClaims } from "./oidc-issuer.js";
import { LAMBDA_FUNCTION_NAME } from "./platform-hosts.js";
import type { PlatformParts } from "./platform-parts.js";
import type { LocalPlatformRole, PlatformRoleState } from "./platform-role.js";
import { shown } from "./read-options.js";

/** A platform that the local AWS imitates. */
export interface LocalPlatform {
  /**
   * The environment variables of a program on this platform: the endpoint variables (see `LocalAws.env`), and the
   * variables for the platform's credentials and region.
   */
  readonly env: Readonly<Record<string, string>>;
}

/** A platform that serves the credentials of a role. */
export interface LocalRolePlatform extends LocalPlatform {
  readonly role: LocalPlatformRole;
}

/** A platform that puts a token of the OIDC issuer in a file. */
export interface LocalTokenPlatform extends LocalPlatform {
  /** The path of the token file. Only this user can read it; `close()` removes it. */
  readonly tokenFile: string;
  /** Replaces the token in the file. `claims` override the default claims of the new token. */
  rotateToken(claims?: WebIdentityClaims): void;
}

/** The platforms that the local AWS imitates, each with a different role. */
export interface LocalPlatforms {
  /** An instance profile over IMDSv2. `role` is `LocalAws.instanceProfile`. */
  EC2: LocalRolePlatform;
  /** A task role, at a full URI without a token. ECS itself uses a URI that is relative to 169.254.170.2. */
  ECS: LocalRolePlatform;
  /** A pod's role from the EKS Pod Identity Agent, which accepts only the newest token in the file. */
  EKSPodIdentity: LocalRolePlatform & LocalTokenPlatform;
  /** A role for a service account: a token file for AssumeRoleWithWebIdentity. */
  IRSA: LocalTokenPlatform & { readonly roleArn: string };
  /** A function's role, whose current keys are in `env`. */
  Lambda: LocalRolePlatform;
}

export type LocalPlatformName = keyof LocalPlatforms;

const NAMES: readonly unknown[] = ["EC2", "ECS", "EKSPodIdentity", "IRSA", "Lambda"] satisfies LocalPlatformName[];

/** @throws TypeError naming the option */
export function assertPlatform(option: string, name: unknown): void {
  if (NAMES.includes(name)) return;
  throw new TypeError(`${option} must be one of ${NAMES.join(", ")}, got ${shown(name)}`);
}

/** How a program reaches this AWS. */
export interface PlatformEndpoints {
  /** The environment variables for its endpoints, which are the same on every platform. */
  env: Readonly<Record<string, string>>;
  containerUrl: string;
  region: string;
}

export function createPlatforms(
  parts: PlatformParts,
  { env, containerUrl, region }: PlatformEndpoints,
): LocalPlatforms {
  const { podToken, webIdentityToken, webIdentityRole, lambda } = parts;
  const common = { ...env, AWS_REGION: region, AWS_DEFAULT_REGION: region };
  return {
    EC2: { env, role: parts.instanceProfile },
    ECS: {
      env: {
        ...common,
        AWS_EXECUTION_ENV: "AWS_ECS_EC2",
        AWS_CONTAINER_CREDENTIALS_FULL_URI: containerUrl + parts.taskPath,
      },
      role: parts.task,
    },
    EKSPodIdentity: {
      get env() {
        return {
          ...common,
          AWS_CONTAINER_CREDENTIALS_FULL_URI: containerUrl + POD_CREDENTIALS_PATH,
          AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: podToken.path,
        };
      },
      get tokenFile() {
        return podToken.path;
      },
      role: parts.pod,
      rotateToken: (claims) => podToken.rotate(claims),
    },
    IRSA: {
      get env() {
        return { ...common, AWS_ROLE_ARN: webIdentityRole.roleArn, AWS_WEB_IDENTITY_TOKEN_FILE: webIdentityToken.path };
      },
      get tokenFile() {
        return webIdentityToken.path;
      },
      roleArn: webIdentityRole.roleArn,
      rotateToken: (claims) => webIdentityToken.rotate(claims),
    },
    Lambda: {
      get env() {
        return {
          ...common,
          AWS_EXECUTION_ENV: "AWS_Lambda_nodejs22.x",
          AWS_LAMBDA_FUNCTION_NAME: LAMBDA_FUNCTION_NAME,
          ...readKeys(lambda),
        };
      },
      role: lambda,
    },
  };
}

/** The environment variables with the keys of the function's role. Empty if Lambda cannot assume the role. */
function readKeys(lambda: PlatformRoleState): Record<string, string> {
  const keys = lambda.isTrusting ? lambda.keys()?.issued : undefined;
  if (keys === undefined) return {};
  return {
    AWS_ACCESS_KEY_ID: keys.identity.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_SESSION_TOKEN: keys.sessionToken ?? "",
  };
}
