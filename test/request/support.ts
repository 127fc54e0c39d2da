import { expect } from "vitest";
import { isRolecallError, type RolecallError, type RolecallErrorCode } from "../../src/errors.js";
import type { AuthorSession } from "../../src/request/author-session.js";
import type { Assumption } from "../../src/request/chain.js";
import type { CommandOverrides } from "../../src/request/command-overrides.js";
import type { IntegrationInstance } from "../../src/request/integration-instance.js";
import { createRoleRequest, type RoleRequest } from "../../src/request/role-request.js";

export const ACCOUNT = "123456789012";
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/integrations/Inventory`;
export const OTHER_ROLE = "arn:aws:iam::444455556666:role/Audit";
export const CHINA_ROLE = `arn:aws-cn:iam::${ACCOUNT}:role/Inventory`;

/** The input of a request. It accepts values of any type, because these tests are about invalid input. */
export interface Input {
  instance?: unknown;
  command?: unknown;
  session?: unknown;
  env?: Record<string, string | undefined>;
}

export function requestOf({ instance = {}, command, session, env = {} }: Input): RoleRequest {
  return createRoleRequest(
    instance as IntegrationInstance,
    command as CommandOverrides | undefined,
    session as AuthorSession | undefined,
    env,
  );
}

/** A request for a role. The instance names {@link ROLE} unless the input overrides it. */
export function roleRequestOf({ instance, ...input }: Input): RoleRequest {
  return requestOf({ ...input, instance: { roleArn: ROLE, ...(instance as object | undefined) } });
}

/** The AssumeRole settings of the request. */
export function assumptionOf(input: Input): Assumption {
  const { assumption } = roleRequestOf(input).chain;
  if (!assumption) throw new Error("no role is assumed");
  return assumption;
}

export function refusalOf(act: () => unknown): RolecallError {
  try {
    act();
  } catch (error) {
    if (isRolecallError(error)) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** Asserts the code, the field and the whole message together. */
export function expectInvalid(act: () => unknown, field: string, message: string | RegExp): RolecallError {
  return expectRefusal(act, "INVALID_REQUEST", field, message);
}

export function expectRefusal(
  act: () => unknown,
  code: RolecallErrorCode,
  field: string | undefined,
  message: string | RegExp,
): RolecallError {
  const error = refusalOf(act);
  expect({ code: error.code, field: error.field, step: error.step, retryable: error.retryable }).toEqual({
    code,
    field,
    step: "request",
    retryable: false,
  });
  if (typeof message === "string") expect(error.message).toBe(message);
  else expect(error.message).toMatch(message);
  return error;
}
