import { randomUUID } from "node:crypto";
import type { LocalRole } from "./local-role.js";
import type { OidcIssuer } from "./oidc-issuer.js";
import {
  DEFAULT_FUNCTION_ROLE,
  DEFAULT_INSTANCE_PROFILE,
  DEFAULT_POD_ROLE,
  DEFAULT_TASK_ROLE,
  DEFAULT_WEB_IDENTITY_ROLE,
  EC2_HOST,
  ecsHost,
  eksPodHost,
  LAMBDA_HOST,
  PLATFORM_ACCOUNT,
  SERVICE_ACCOUNT_SUBJECT,
} from "./platform-hosts.js";
import { type PlatformRole, type PlatformRoleOptions, PlatformRoleState } from "./platform-role.js";
import { ServiceAccountToken } from "./service-account-token.js";
import { TokenFiles } from "./token-files.js";

/** The roles and tokens of all platforms. */
export interface PlatformParts {
  readonly instanceProfile: PlatformRoleState;
  readonly task: PlatformRoleState;
  /** The secret path of the task's credentials. Any caller that sends it gets them. */
  readonly taskPath: string;
  readonly pod: PlatformRoleState;
  readonly podToken: ServiceAccountToken;
  readonly lambda: PlatformRoleState;
  /** The role that trusts the pod's service account. */
  readonly webIdentityRole: LocalRole;
  readonly webIdentityToken: ServiceAccountToken;
  readonly tokenFiles: TokenFiles;
}

export interface PlatformPartsOptions extends PlatformRoleOptions {
  region: string;
  instanceProfile: PlatformRole | null | undefined;
  oidcIssuer: OidcIssuer;
}

export function createPlatformParts({ region, oidcIssuer, ...options }: PlatformPartsOptions): PlatformParts {
  const { instanceProfile = DEFAULT_INSTANCE_PROFILE, ...ofRole } = options;
  const tokenFiles = new TokenFiles();
  const token = (name: string, audience: string) => new ServiceAccountToken(oidcIssuer, tokenFiles, name, audience);
  return {
    instanceProfile: new PlatformRoleState(EC2_HOST, ofRole, instanceProfile),
    task: new PlatformRoleState(ecsHost(region), ofRole, DEFAULT_TASK_ROLE),
    taskPath: `/v2/credentials/${randomUUID()}`,
    pod: new PlatformRoleState(eksPodHost(region), ofRole, DEFAULT_POD_ROLE),
    podToken: token("eks-pod-identity-token", "pods.eks.amazonaws.com"),
    lambda: new PlatformRoleState(LAMBDA_HOST, ofRole, DEFAULT_FUNCTION_ROLE),
    webIdentityRole: createWebIdentityRole(oidcIssuer),
    webIdentityToken: token("token", "sts.amazonaws.com"),
    tokenFiles,
  };
}

/** For the trust policy, see https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html. */
function createWebIdentityRole(issuer: OidcIssuer): LocalRole {
  return {
    ...DEFAULT_WEB_IDENTITY_ROLE,
    allowAssumeRole: ["*"],
    trustPolicy: {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Federated: issuer.providerArn(PLATFORM_ACCOUNT) },
          Action: "sts:AssumeRoleWithWebIdentity",
          Condition: {
            StringEquals: {
              [`${issuer.name}:aud`]: "sts.amazonaws.com",
              [`${issuer.name}:sub`]: SERVICE_ACCOUNT_SUBJECT,
            },
          },
        },
      ],
    },
  };
}
