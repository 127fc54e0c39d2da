import { variableIn } from "./validation.js";

type Env = Readonly<Record<string, string | undefined>>;

/** The sources that a platform can announce, and their variables. A person's keys and profiles do not count. */
const ANNOUNCEMENTS = [
  { source: "Environment", what: "the role of a Lambda function", variables: ["AWS_LAMBDA_FUNCTION_NAME"] },
  {
    source: "WebIdentity",
    what: "a web identity",
    variables: ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"],
  },
  {
    source: "EcsContainer",
    what: "a container's role",
    variables: ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"],
  },
] as const;

/** Variables with details on how to read an announced identity. */
const DETAILS = [
  "AWS_ROLE_SESSION_NAME",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
] as const;

type AnnouncingVariable = (typeof ANNOUNCEMENTS)[number]["variables"][number];
export type PlatformVariable = AnnouncingVariable | (typeof DETAILS)[number];

/** Every variable that announces an identity. */
export const ANNOUNCING_VARIABLES: readonly AnnouncingVariable[] = ANNOUNCEMENTS.flatMap(({ variables }) => variables);

/** An identity that the platform provides for this process. */
export interface Announcement {
  readonly source: (typeof ANNOUNCEMENTS)[number]["source"];
  readonly what: string;
  /** The variables that are set. */
  readonly variables: readonly AnnouncingVariable[];
}

/**
 * What the environment says about the platform that a process runs on. Read once, so that a program keeps its identity
 * if it deletes the variables later. Prints no secret.
 */
export class Platform {
  readonly announced: readonly Announcement[];
  /** Whether the author replaced the instance profile in code, for instances without `credentials`. */
  readonly replacesInstanceProfile: boolean;
  readonly #variables: ReadonlyMap<string, string>;

  constructor(env: Env, { replacesInstanceProfile = false } = {}) {
    const names: readonly PlatformVariable[] = [...ANNOUNCING_VARIABLES, ...DETAILS];
    this.#variables = new Map(names.flatMap((name) => toEntry(name, variableIn(env, name))));
    this.announced = ANNOUNCEMENTS.map(({ source, what, variables }) => {
      return { source, what, variables: variables.filter((name) => this.#variables.has(name)) };
    }).filter(({ variables }) => variables.length > 0);
    this.replacesInstanceProfile = replacesInstanceProfile;
  }

  /** `undefined` for a variable that is not set, or empty. */
  variable(name: PlatformVariable): string | undefined {
    return this.#variables.get(name);
  }
}

function toEntry(name: string, value: string | undefined): [string, string][] {
  return value ? [[name, value]] : [];
}

/** For errors: an announced identity with the variables that announce it. */
export function describeAnnouncement({ what, variables }: Announcement): string {
  return `${what} (${variables.join(" and ")})`;
}

/** For errors: how a configuration file chooses a source. */
export function lineFor(source: string): string {
  return `"credentials": ${JSON.stringify(source)}`;
}
