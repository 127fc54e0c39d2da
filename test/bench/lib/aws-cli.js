import { spawnSync } from "node:child_process";

/** The version of the AWS CLI, or `undefined` where there is none. */
export function awsCliVersion() {
  const { status, stdout } = spawnSync("aws", ["--version"], { encoding: "utf8" });
  return status === 0 ? /^aws-cli\/(\S+)/.exec(stdout)?.[1] : undefined;
}

/** One command of the CLI as the profile's role, whose session it keeps in files below `HOME`. It asks STS who it is. */
export function awsCliProcesses({ profile, env }) {
  if (awsCliVersion() === undefined) return [];
  const args = ["sts", "get-caller-identity", "--profile", profile, "--region", env.AWS_REGION];
  return [{ name: "AWS CLI", command: "aws", args, env }];
}
