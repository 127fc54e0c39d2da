import { BaseIdentity, type Issuer } from "./base-identity.js";
import { readContainerEndpoint } from "./container-endpoint.js";
import type { ChosenSource, SourceName } from "./credential-source.js";
import { readEnvironmentKeys } from "./environment-keys.js";
import { type Announcement, describeAnnouncement, lineFor, type Platform } from "./platform.js";
import { conflict } from "./validation.js";
import { announcedWebIdentity, type WebIdentity } from "./web-identity.js";

/** All that decides which identity a source is. */
export interface Surroundings {
  readonly env: Record<string, string | undefined>;
  readonly platform: Platform;
  /** The STS that a web identity comes from. */
  readonly issuer: Issuer;
}

/** Made once, because most commands use one of them. */
const INSTANCE_PROFILES = {
  own: new BaseIdentity({ kind: "instance-profile", plainHttp: false }),
  plainHttp: new BaseIdentity({ kind: "instance-profile", plainHttp: true }),
};
const FIELD = "instance.credentials";

/**
 * Decides from the settings and the environment alone, and never tries another source.
 * @throws RolecallError `INVALID_REQUEST` if the source is not there, or nothing is chosen and the platform announces one
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

/** The one source that the platform announces, else the instance profile. */
function ofRuntime({ announced }: Platform): Exclude<SourceName, "Runtime"> {
  const [first, second] = announced;
  if (!second) return first?.source ?? "Ec2InstanceMetadata";
  throw conflict(
    FIELD,
    `is "Runtime", but the environment announces ${list(announced)}`,
    `Choose one: ${announced.map(({ source }) => lineFor(source)).join(" or ")}.`,
  );
}

/** Otherwise a program in a container would silently act as the machine that the container runs on. */
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
