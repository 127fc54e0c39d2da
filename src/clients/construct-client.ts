import { RolecallError } from "../errors.js";
import { foreignLabel, foreignText } from "../foreign-text.js";
import { conflict, hasMethods, invalid, readSetting } from "../request/validation.js";
import { safeCause } from "../sources/safe-cause.js";
import type { SdkClient, SdkClientConstructor } from "./client-types.js";
import type { MiddlewareStack } from "./sdk-middleware.js";

/** A client that the library can guard. */
export interface GuardableClient extends SdkClient {
  config: { requestHandler: unknown };
  middlewareStack: MiddlewareStack;
}

/**
 * Constructs a client. `Client` can be anything, such as a class that wraps clients, or a mock.
 * @throws RolecallError `INVALID_REQUEST` if the constructor throws
 */
export function constructClient(Client: SdkClientConstructor, config: object): SdkClient {
  try {
    return new (Client as unknown as new (config: object) => SdkClient)(config);
  } catch (error) {
    throw constructionError(Client, error);
  }
}

function constructionError(Client: SdkClientConstructor, error: unknown): RolecallError {
  const name = showClassName(Client);
  const words = foreignText((error as Partial<Error> | undefined)?.message);
  // A class with `from`, such as DynamoDBDocumentClient, wraps a client. Its constructor takes no configuration.
  const hint = hasMethods("Client", Client, "from")
    ? `Pass the class of the client that it wraps, such as DynamoDBClient. Then wrap the client with ${name}.from(client).`
    : "Check options.clientConfig and which options the constructor accepts.";
  const message = `Can't construct ${name} with a client configuration: ${words}.`;
  return new RolecallError("INVALID_REQUEST", message, {
    step: "request",
    field: "Client",
    hint,
    cause: safeCause(error),
  });
}

/**
 * Whether the library can ensure that the client acts as the role. Checks the structure, so any version of the SDK
 * passes.
 */
export function isGuardable(client: SdkClient): client is GuardableClient {
  const config = readSetting("Client", client, "config");
  const stack = readSetting("Client", client, "middlewareStack");
  if (typeof config !== "object" || config === null || !hasMethods("Client", stack, "add", "clone")) return false;
  return hasMethods("Client", readSetting("Client", config, "requestHandler"), "handle");
}

export function isMockFunction(value: unknown): boolean {
  return typeof value === "function" && readSetting("Client", value, "_isMockFunction") === true;
}

/**
 * Accepts a mock, which never calls AWS and needs no guard.
 * @throws RolecallError `INVALID_REQUEST` for anything else
 */
export function assertMockClient(Client: SdkClientConstructor, client: SdkClient): void {
  if (isMockFunction(Client) && hasMethods("Client", client, "send")) return;
  throw conflict(
    "Client",
    `${showClassName(Client)} does not construct AWS SDK v3 clients: config.requestHandler or middlewareStack is missing`,
    "Pass the class of an AWS SDK v3 client, such as EC2Client. In a test, pass a Jest or Vitest mock function, or mock the send method of the real class.",
  );
}

/** The error for a `Client` that is not the class of an SDK client. */
export function invalidClientClass(received: unknown) {
  return invalid("Client", received, "the class of an AWS SDK v3 client, such as EC2Client");
}

function showClassName({ name }: SdkClientConstructor): string {
  return foreignLabel(name) ?? "the class";
}
