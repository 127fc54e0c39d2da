import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type LocalAwsOptions, startLocalAws } from "../../src/testing/index.js";
import { terminalPicture } from "./terminal-picture.js";

const INVENTORY = "arn:aws:iam::123456789012:role/Inventory";
const AUDIT = "arn:aws:iam::444455556666:role/Audit";
const EXTERNAL_ID = "acme-4711";

const MACHINE: LocalAwsOptions = {
  region: "eu-central-1",
  instanceProfile: { roleArn: "arn:aws:iam::111122223333:role/integration-host" },
  denialContext: true,
};
const INSTANCE = { roleArn: INVENTORY, externalId: EXTERNAL_ID };

/** The machines in the docs' pictures of `rolecall doctor`. */
export const MACHINES = {
  healthy: {
    aws: { ...MACHINE, roles: [{ roleArn: INVENTORY, externalId: EXTERNAL_ID }] },
    instance: INSTANCE,
    code: 0,
  },
  broken: {
    aws: {
      ...MACHINE,
      imds: { v1: true },
      roles: [
        { roleArn: INVENTORY },
        { roleArn: AUDIT, trustedPrincipals: ["arn:aws:iam::111122223333:role/old-host"] },
      ],
    },
    instance: { ...INSTANCE, allowedRoles: [INVENTORY, AUDIT] },
    code: 5,
  },
} as const;

export async function setUpMachine({ aws: options, instance }: (typeof MACHINES)[keyof typeof MACHINES]) {
  const aws = await startLocalAws(options);
  const folder = await mkdtemp(join(tmpdir(), "rolecall-machine-"));
  onTestFinished(async () => {
    await aws.close();
    await rm(folder, { recursive: true });
  });
  const config = join(folder, "instance.json");
  await writeFile(config, JSON.stringify(instance));
  return { aws, args: ["doctor", "--config", config] };
}

/** The terminal after the command, with a made-up hostname and folders. */
export function doctorPicture(name: string, output: string): string {
  const shown = output.replaceAll(hostname(), "engine-1").replaceAll(/\S+[/\\]instance\.json/g, "instance.json");
  return terminalPicture(`rolecall doctor on a ${name} machine`, `$ rolecall doctor --config instance.json\n${shown}`);
}

/** For `toMatchFileSnapshot`, from a folder two levels below the project. */
export function pictureFile(name: string): string {
  return `../../docs/images/doctor-${name}.svg`;
}
