import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromNodeProviderChain } from "@aws-sdk/credential-providers";
import { byKey } from "./by-key.js";

/** A shared config file with a profile for each role, and a default chain for each profile. */
export async function createProfiles(roleArns) {
  const folder = await mkdtemp(join(tmpdir(), "rolecall-bench-profiles-"));
  const file = join(folder, "config");
  const profiles = new Map(roleArns.map((roleArn, index) => [roleArn, `role-${index}`]));
  await writeFile(file, [...profiles].map(([roleArn, profile]) => toProfile(profile, roleArn)).join("\n"));
  process.env.AWS_CONFIG_FILE = file;
  return {
    providerOf: byKey((roleArn) => fromNodeProviderChain({ profile: profiles.get(roleArn) })),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

export function toProfile(name, roleArn) {
  return `[profile ${name}]
role_arn = ${roleArn}
credential_source = Ec2InstanceMetadata
role_session_name = benchmark
`;
}
