import type { AwsCredentialIdentity, CredentialProvider } from "../sdk-types.js";
import { BaseIdentity, type Origin } from "./base-identity.js";
import { similarName } from "./similar-names.js";
import { IDENTITY_KEYS, readStaticKeys } from "./static-keys.js";
import { conflict, invalid, isGiven, isRecord, readSettings, readText, type TextRule } from "./validation.js";
import { readWebIdentity, WEB_IDENTITY_KEYS, type WebIdentity, type WebIdentitySource } from "./web-identity.js";

/** A source of credentials that the platform offers. Named as in AWS's `credential_source` where possible. */
export type SourceName = "Ec2InstanceMetadata" | "EcsContainer" | "WebIdentity" | "Environment" | "Runtime";

const SOURCE_NAMES = ["Ec2InstanceMetadata", "EcsContainer", "WebIdentity", "Environment", "Runtime"] as const;

/** A profile in the SDK's configuration files, such as one for IAM Identity Center (SSO) or with a `credential_process`. */
export interface ProfileSource {
  /** The name of the profile. The library reads only this profile and the ones that it refers to. */
  profile: string;
}

/** The values that `instance.credentials` accepts. */
export type CredentialSource =
  | SourceName
  | ProfileSource
  | WebIdentitySource
  | AwsCredentialIdentity
  | CredentialProvider;

/** A validated {@link CredentialSource}. Its identity may depend on the environment. */
export interface ChosenSource {
  /** The chosen source; `undefined` if `credentials` is not set. */
  readonly choice: SourceName | WebIdentity | BaseIdentity | undefined;
  /** `instance.credentialsName`. */
  readonly name: string | undefined;
  /** Whether the metadata service may be called over plain http on another machine. */
  readonly plainHttp: boolean;
}

const ALLOWED = `${SOURCE_NAMES.map((name) => `"${name}"`).join(", ")}, { profile }, { webIdentityTokenFile, roleArn, roleSessionName? }, { accessKeyId, secretAccessKey, sessionToken? }, or a function that resolves to keys`;

/** The format of `instance.credentialsName`. */
export const CREDENTIALS_NAME: TextRule = {
  pattern: /^[\w+=,.@-]*$/,
  min: 1,
  max: 64,
  allowed: "1 to 64 characters of [\\w+=,.@-]",
};

const PROFILE: TextRule = {
  pattern: /^[^\p{C}[\]]*$/u,
  min: 1,
  max: 128,
  allowed: "the name of a profile: 1 to 128 characters without brackets",
};

/**
 * @param name `instance.credentialsName`
 * @param plainHttp whether the metadata service may be called over plain http on another machine
 */
export function readCredentialSource(field: string, value: unknown, name?: string, plainHttp = false): ChosenSource {
  const choice = readChoice(field, value, name);
  const isNameless = choice === undefined || choice === "Ec2InstanceMetadata" || isStatic(choice);
  if (name !== undefined && isNameless) {
    const what = choice === undefined ? "is not set" : isStatic(choice) ? "contains keys" : `is "${choice}"`;
    throw conflict(
      `${field}Name`,
      `is set, but ${field} ${what}`,
      "Leave it out: the instance profile and keys need no name.",
    );
  }
  return { choice, name, plainHttp };
}

function isStatic(choice: ChosenSource["choice"]): boolean {
  return choice instanceof BaseIdentity && choice.kind === "static";
}

function readChoice(field: string, value: unknown, name: string | undefined): ChosenSource["choice"] {
  if (!isGiven(value)) return undefined;
  if (typeof value === "string") return readSourceName(field, value);
  if (typeof value === "function") return identityOf({ kind: "provider", provider: value as CredentialProvider }, name);
  if (!isRecord(value)) throw invalid(field, value, ALLOWED);
  const settings = readSettings(field, value, ["profile", ...WEB_IDENTITY_KEYS, ...IDENTITY_KEYS]);
  const forms = FORMS.filter(({ keys }) => keys.some((key) => isGiven(settings[key])));
  const [form, another] = forms;
  if (form && another) {
    const isOf = (keys: readonly (keyof typeof settings)[]) => keys.find((key) => isGiven(settings[key]));
    throw conflict(
      `${field}.${isOf(another.keys)}`,
      `is set together with ${field}.${isOf(form.keys)}`,
      "Set the keys of one source only.",
    );
  }
  if (form?.is === "profile") return identityOf({ kind: "profile", profile: readProfile(field, settings) }, name);
  if (form?.is === "web-identity") return readWebIdentity(settings, (part) => `${field}.${part}`);
  return identityOf({ kind: "static", identity: readStaticKeys(field, settings) });
}

/** The object forms of a source, and the keys that only each form has. */
const FORMS = [
  { is: "profile", keys: ["profile"] },
  { is: "web-identity", keys: WEB_IDENTITY_KEYS },
  { is: "static", keys: IDENTITY_KEYS },
] as const;

function identityOf(origin: Origin, name?: string): BaseIdentity {
  return new BaseIdentity(origin, name);
}

function readProfile(field: string, { profile }: { readonly profile?: unknown }): string {
  return readText(`${field}.profile`, profile, PROFILE) as string; // set, because it selected this form
}

/** Errors show the value only if it looks like a source's name: it may be a secret. */
function readSourceName(field: string, value: string): SourceName {
  const known = SOURCE_NAMES.find((name) => name === value);
  if (known) return known;
  const meant = similarName(value, SOURCE_NAMES) ?? nameThatContains(value);
  if (meant === undefined) throw invalid(field, value, ALLOWED);
  throw conflict(field, `is ${JSON.stringify(value)}, which looks like "${meant}"`, `Allowed: ${ALLOWED}.`);
}

/** For `ECS`, `EC2` and other short words. */
function nameThatContains(value: string): SourceName | undefined {
  const word = value.toLowerCase();
  if (!/^[a-z\d]{3,20}$/.test(word)) return undefined;
  return SOURCE_NAMES.find((name) => name.toLowerCase().includes(word));
}
