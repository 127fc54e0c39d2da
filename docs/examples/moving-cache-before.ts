import { EC2Client } from "@aws-sdk/client-ec2";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";

interface Settings {
  roleArn: string;
  region: string;
  externalId?: string;
  policy?: string;
}

interface Entry {
  ec2: EC2Client;
  expiration: number;
}

export class RoleClients {
  readonly #sts = new STSClient({ region: "eu-central-1" });
  readonly #entries = new Map<string, Promise<Entry>>();
  readonly #now: () => number;

  constructor(now = Date.now) {
    this.#now = now;
  }

  async ec2For(settings: Settings): Promise<EC2Client> {
    const cached = this.#entries.get(settings.roleArn);
    if (cached !== undefined) {
      const { ec2, expiration } = await cached;
      if (expiration > this.#now()) return ec2;
    }
    const loading = this.#assumeRole(settings);
    this.#entries.set(settings.roleArn, loading);
    return (await loading).ec2;
  }

  async #assumeRole({ roleArn, region, externalId, policy }: Settings): Promise<Entry> {
    const { Credentials } = await this.#sts.send(
      new AssumeRoleCommand({
        RoleArn: roleArn,
        RoleSessionName: "inventory",
        ExternalId: externalId,
        Policy: policy,
      }),
    );
    const credentials = {
      accessKeyId: Credentials?.AccessKeyId ?? "",
      secretAccessKey: Credentials?.SecretAccessKey ?? "",
      sessionToken: Credentials?.SessionToken ?? "",
    };
    return { ec2: new EC2Client({ region, credentials }), expiration: Credentials?.Expiration?.getTime() ?? 0 };
  }
}
