import { isDeepStrictEqual } from "node:util";
import type { CommandOverrides, IntegrationInstance } from "../../src/index.js";
import { HUB, OTHER_HUB } from "../support/hub.js";
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

/** Three roles. One of them has four sessions from the base identity and one from each hub, which must not be confused. */
export const REQUESTS = {
  inventory: { instance: { roleArn: ROLE } },
  "inventory as nightly": { instance: { roleArn: ROLE }, command: { roleSessionName: "nightly" } },
  "inventory for 15 minutes": { instance: { roleArn: ROLE }, command: { roleSessionDuration: 900 } },
  "inventory read-only": { instance: { roleArn: ROLE }, session: { policy: READ_ONLY } },
  audit: { instance: { roleArn: OTHER_ROLE } },
  deploy: { instance: { roleArn: DEPLOY_ROLE } },
  "inventory behind a hub": { instance: { roleArn: ROLE, sourceRole: HUB } },
  "audit behind a hub": { instance: { roleArn: OTHER_ROLE, sourceRole: HUB } },
  "inventory behind another hub": { instance: { roleArn: ROLE, sourceRole: OTHER_HUB } },
} as const satisfies Record<string, NamedRequest>;

export type RequestName = keyof typeof REQUESTS;
export const REQUEST_NAMES = Object.keys(REQUESTS) as RequestName[];
/** The request without a role: it runs as the base identity. */
export const NO_ROLE = "no role";
export type AnyRequestName = RequestName | typeof NO_ROLE;

export function requestNamed(name: AnyRequestName): NamedRequest {
  return name === NO_ROLE ? { instance: {} } : REQUESTS[name];
}

export const HUBS = { "a hub": HUB, "another hub": OTHER_HUB } as const;
export type HubName = keyof typeof HUBS;
export const HUB_NAMES = Object.keys(HUBS) as HubName[];

/** Whatever STS issues sessions for. */
export type RoleName = RequestName | HubName;
export const ROLE_NAMES: readonly RoleName[] = [...REQUEST_NAMES, ...HUB_NAMES];

/** The hub that a request's role is assumed from. */
export function hubOf(name: string): HubName | undefined {
  const sourceRole = (REQUESTS as Record<string, NamedRequest>)[name]?.instance.sourceRole;
  return HUB_NAMES.find((hub) => HUBS[hub] === sourceRole);
}

/** A hub may only assume roles. */
const HUB_POLICY = {
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], Resource: "*" },
  ],
};

/** The parameters of an AssumeRole, under the names in both the SDK's input and the query protocol. */
export interface AssumeRoleParameters {
  readonly RoleArn?: string | undefined;
  readonly RoleSessionName?: string | undefined;
  readonly DurationSeconds?: string | number | undefined;
  readonly Policy?: string | undefined;
}

/**
 * What an STS call is for, recognized by all of its parameters and by who signed it; `undefined` if nobody asks for it.
 *
 * @param signer whose session signed it; `undefined` for the base identity
 */
export function askedFor(parameters: AssumeRoleParameters, signer: RoleName | undefined): RoleName | undefined {
  const asked = {
    roleArn: parameters.RoleArn,
    roleSessionName: parameters.RoleSessionName,
    seconds: Number(parameters.DurationSeconds),
    policy: parameters.Policy === undefined ? undefined : JSON.parse(parameters.Policy),
  };
  const isAsked = (roleArn: unknown, { command, session }: Omit<NamedRequest, "instance">) =>
    isDeepStrictEqual(asked, {
      roleArn,
      roleSessionName: command?.roleSessionName ?? "rolecall-localhost",
      seconds: command?.roleSessionDuration ?? 3600,
      policy: session?.policy,
    });
  const hub = HUB_NAMES.find((name) => isAsked(HUBS[name], { session: { policy: HUB_POLICY } }));
  if (hub) return signer === undefined ? hub : undefined;
  return REQUEST_NAMES.find((name) => {
    const request: NamedRequest = REQUESTS[name];
    return hubOf(name) === signer && isAsked(request.instance.roleArn, request);
  });
}
