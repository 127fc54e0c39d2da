import { BaseIdentity, type Issuer } from "./base-identity.js";
import { readContainerEndpoint } from "./container-endpoint.js";
import type { ChosenSource, SourceName } from "./credential-source.js";
import { readEnvironmentKeys } from "./environment-keys.js";
import { type Announcement, describeAnnouncement, lineFor, type Platform } from "./platform.js";
import { conflict } from "./validation.js";
import { announcedWebIdentity, type WebIdentity } from "./web-identity.js";

/** Everything that determines which identity a source provides. */
export interface Surroundings {
  readonly env: Record<string, string | undefined>;
  readonly platform: Platform;
  /** The STS that issues the credentials of a web identity. */
  readonly issuer: Issuer;
}

/** Shared, because most commands use one of them. */
const INSTANCE_PROFILES = {
  own: new BaseIdentity({ kind: "instance-profile", plainHttp: false }),
  plainHttp: new BaseIdentity({ kind: "instance-profile", plainHttp: true }),
};
const FIELD = "instance.credentials";

/**
 * Uses only the settings and the environment, and never falls back to another source.
 * @throws RolecallError `INVALID_REQUEST` if the source is missing, or if none is chosen but the platform announces one
 */
export function chooseBaseIdentity(source: ChosenSource, surroundings: Surroundings): BaseIdentity {
  const { choice, name } = source;
  const { platform, issuer } = surroundings;
  if (choice instanceof BaseIdentity) return choice;
  if (typeof choice === "object") return webIdentity(choice, issuer, name);
  if (choice === undefined && !platform.replacesInstanceProfile) refuseUnchosen(platform);
  return fromPlatform(choice === "Runtime" ? ofRuntime(platform) : choice, source, surroundings);
}

function fromPlatform(
  choice: Exclude<SourceName, "Runtime"> | undefined,
  { name, plainHttp }: ChosenSource,
  { env, platform, issuer }: Surroundings,
): BaseIdentity {
  switch (choice) {
    case "EcsContainer": {
      const endpoint = readContainerEndpoint(platform);
      if (endpoint) return new BaseIdentity({ kind: "container", endpoint }, name);
      throw isNotThere(
        choice,
        "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set",
        platform,
      );
    }
    case "WebIdentity": {
      const announced = announcedWebIdentity(platform);
      if (announced) return webIdentity(announced, issuer, name);
      throw isNotThere(choice, "AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN are not set", platform);
    }
    case "Environment": {
      const identity = readEnvironmentKeys(env);
      if (identity) return new BaseIdentity({ kind: "environment", identity }, name);
      throw isNotThere(choice, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set", platform);
    }
    default:
      return name === undefined
        ? INSTANCE_PROFILES[plainHttp ? "plainHttp" : "own"]
        : new BaseIdentity({ kind: "instance-profile", plainHttp }, name);
  }
}

function webIdentity(found: WebIdentity, issuer: Issuer, name: string | undefined): BaseIdentity {
  return new BaseIdentity({ kind: "web-identity", webIdentity: found, issuer }, name);
}

/** The source that the platform announces, or the instance profile if it announces none. */
function ofRuntime({ announced }: Platform): Exclude<SourceName, "Runtime"> {
  const [first, second] = announced;
  if (!second) return first?.source ?? "Ec2InstanceMetadata";
  throw conflict(
    FIELD,
    `is "Runtime", but the environment announces ${list(announced)}`,
    `Choose one: ${announced.map(({ source }) => lineFor(source)).join(" or ")}.`,
  );
}

/** Without this check, a program in a container would silently act as the container's host. */
function refuseUnchosen({ announced }: Platform): void {
  if (announced.length === 0) return;
  const lines = announced.map(({ source, what }) => `${lineFor(source)} for ${what}`);
  throw conflict(
    FIELD,
    `is not set, and the environment announces ${list(announced)}`,
    `Choose one: ${lines.join(", ")}, or ${lineFor("Ec2InstanceMetadata")} for the machine's instance profile.`,
  );
}

function isNotThere(choice: SourceName, why: string, { announced }: Platform): Error {
  const others = announced.filter(({ source }) => source !== choice).map(({ source }) => lineFor(source));
  const instead = [...others, lineFor("Ec2InstanceMetadata")].join(" or ");
  return conflict(
    FIELD,
    `is "${choice}", but ${why}`,
    `Set the variables, or choose a source that this machine has, such as ${instead}.`,
  );
}

function list(announced: readonly Announcement[]): string {
  return announced.map(describeAnnouncement).join(" and ");
}
