import { isDeepStrictEqual } from "node:util";
import type { CommandOverrides, IntegrationInstance } from "../../src/index.js";
import { OTHER_ROLE, ROLE } from "../support/local.js";

/** The identity that one caller requests. */
export interface NamedRequest {
  readonly instance: IntegrationInstance;
  readonly command?: CommandOverrides;
  readonly session?: { readonly policy: Readonly<Record<string, unknown>> };
}

const DEPLOY_ROLE = "arn:aws:iam::123456789012:role/Deploy";
const READ_ONLY = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "ec2:Describe*", Resource: "*" }] };

export const ROLES = [ROLE, OTHER_ROLE, DEPLOY_ROLE];

/** Three roles, and four different sessions of one of them, which must not be confused. */
export const REQUESTS = {
  inventory: { instance: { roleArn: ROLE } },
  "inventory as nightly": { instance: { roleArn: ROLE }, command: { roleSessionName: "nightly" } },
  "inventory for 15 minutes": { instance: { roleArn: ROLE }, command: { roleSessionDuration: 900 } },
  "inventory read-only": { instance: { roleArn: ROLE }, session: { policy: READ_ONLY } },
  audit: { instance: { roleArn: OTHER_ROLE } },
  deploy: { instance: { roleArn: DEPLOY_ROLE } },
} as const satisfies Record<string, NamedRequest>;

export type RequestName = keyof typeof REQUESTS;
export const REQUEST_NAMES = Object.keys(REQUESTS) as RequestName[];
/** The request without a role: it runs as the base identity. */
export const NO_ROLE = "no role";
export type AnyRequestName = RequestName | typeof NO_ROLE;

export function requestNamed(name: AnyRequestName): NamedRequest {
  return name === NO_ROLE ? { instance: {} } : REQUESTS[name];
}

/** The parameters of an AssumeRole, under the names in both the SDK's input and the query protocol. */
export interface AssumeRoleParameters {
  readonly RoleArn?: string | undefined;
  readonly RoleSessionName?: string | undefined;
  readonly DurationSeconds?: string | number | undefined;
  readonly Policy?: string | undefined;
}

/** The request behind an STS call, recognized by all of its parameters; `undefined` if there is none. */
export function requestOf(parameters: AssumeRoleParameters): RequestName | undefined {
  const asked = {
    roleArn: parameters.RoleArn,
    roleSessionName: parameters.RoleSessionName,
    seconds: Number(parameters.DurationSeconds),
    policy: parameters.Policy === undefined ? undefined : JSON.parse(parameters.Policy),
  };
  return REQUEST_NAMES.find((name) => {
    const { instance, command, session }: NamedRequest = REQUESTS[name];
    return isDeepStrictEqual(asked, {
      roleArn: instance.roleArn,
      roleSessionName: command?.roleSessionName ?? "rolecall-localhost",
      seconds: command?.roleSessionDuration ?? 3600,
      policy: session?.policy,
    });
  });
}
