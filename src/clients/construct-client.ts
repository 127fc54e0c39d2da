import { RolecallError } from "../errors.js";
import { foreignLabel, foreignText } from "../foreign-text.js";
import { conflict, hasMethods, invalid, readSetting } from "../request/validation.js";
import { safeCause } from "../sources/safe-cause.js";
import type { SdkClient, SdkClientConstructor } from "./client-types.js";
import type { MiddlewareStack } from "./sdk-middleware.js";

/** A client that the library can guard: the rest of it is the SDK's. */
export interface GuardableClient extends SdkClient {
  config: { requestHandler: unknown };
  middlewareStack: MiddlewareStack;
}

/**
 * Makes a client of a class that may be anything, such as a wrapper of clients or a test's mock.
 * @throws RolecallError `INVALID_REQUEST` if the class cannot be made
 */
export function constructClient(Client: SdkClientConstructor, config: object): SdkClient {
  try {
    return new (Client as unknown as new (config: object) => SdkClient)(config);
  } catch (error) {
    throw cannotBeMade(Client, error);
  }
}

function cannotBeMade(Client: SdkClientConstructor, error: unknown): RolecallError {
  const name = nameOf(Client);
  const words = foreignText((error as Partial<Error> | undefined)?.message);
  return new RolecallError("INVALID_REQUEST", `Can't make ${name} from a client configuration: ${words}.`, {
    step: "request",
    field: "Client",
    hint: hintFor(Client, name),
    cause: safeCause(error),
  });
}

/** Whether the library can see to it that the client acts as the role. By structure: any version of the SDK fits. */
export function isGuardable(client: SdkClient): client is GuardableClient {
  const config = readSetting("Client", client, "config");
  const stack = readSetting("Client", client, "middlewareStack");
  if (typeof config !== "object" || config === null || !hasMethods("Client", stack, "add", "clone")) return false;
  return hasMethods("Client", readSetting("Client", config, "requestHandler"), "handle");
}

/** A mock function, by the mark that Jest and Vitest give all of theirs. */
export function isMockFunction(value: unknown): boolean {
  return typeof value === "function" && readSetting("Client", value, "_isMockFunction") === true;
}

/**
 * A mock reaches no AWS, so that nothing has to be guarded.
 * @throws RolecallError `INVALID_REQUEST` for anything else
 */
export function assertMockClient(Client: SdkClientConstructor, client: SdkClient): void {
  if (isMockFunction(Client) && hasMethods("Client", client, "send")) return;
  throw conflict(
    "Client",
    `${nameOf(Client)} makes objects that are no AWS SDK v3 clients: config.requestHandler or middlewareStack is missing`,
    "Give the class of an AWS SDK v3 client, such as EC2Client; in a test, a mock function of Jest or Vitest, or mock the send of the real class.",
  );
}

/** The error for what is no class at all. */
export function invalidClientClass(received: unknown) {
  return invalid("Client", received, "the class of an AWS SDK v3 client, such as EC2Client");
}

function nameOf({ name }: SdkClientConstructor): string {
  return foreignLabel(name) ?? "the class";
}

/** Such as DynamoDBDocumentClient, whose constructor takes a client. */
function hintFor(Client: SdkClientConstructor, name: string): string {
  return hasMethods("Client", Client, "from")
    ? `Give the class of the client that it wraps, such as DynamoDBClient, and wrap that client: ${name}.from(client).`
    : "Look at options.clientConfig, and at what the constructor of the class takes.";
}
