import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EC2Client, type EC2ClientConfig } from "@aws-sdk/client-ec2";
import { KinesisClient } from "@aws-sdk/client-kinesis";
import { S3, S3Client } from "@aws-sdk/client-s3";
import { STSClient } from "@aws-sdk/client-sts";
import type { AwsCredentialIdentityProvider, RuntimeConfigAwsCredentialIdentityProvider } from "@aws-sdk/types";
import type { fromInstanceMetadata } from "@smithy/credential-provider-imds";
import { describe, expectTypeOf, it } from "vitest";
import type {
  ClientConfigOf,
  CredentialProvider,
  CredentialResolver,
  GetClientOptions,
  getClientForCommand,
  IntegrationInstance,
  SdkClientConstructor,
  StsLike,
} from "../src/index.js";
import type { CommandPermissions, commandPolicy } from "../src/policies/index.js";

// Compiled by `npm run types`; nothing here runs.
declare const get: typeof getClientForCommand;
declare const resolver: CredentialResolver;
declare const instance: IntegrationInstance;
declare const create: typeof commandPolicy;

describe("getClientForCommand", () => {
  it("returns exactly the client type of the class", () => {
    expectTypeOf(() => get(EC2Client, instance)).returns.toEqualTypeOf<EC2Client>();
    expectTypeOf(() => get(S3Client, instance)).returns.toEqualTypeOf<S3Client>();
    expectTypeOf(() => get(S3, instance)).returns.toEqualTypeOf<S3>();
    expectTypeOf(() => get(DynamoDBClient, instance)).returns.toEqualTypeOf<DynamoDBClient>();
    expectTypeOf(() => get(KinesisClient, instance)).returns.toEqualTypeOf<KinesisClient>();
    expectTypeOf(() => resolver.getClientForCommand(STSClient, instance)).returns.toEqualTypeOf<STSClient>();
  });

  it("accepts the class's own configuration, but no identity or region in it", () => {
    expectTypeOf<{ maxAttempts: 2; forcePathStyle: true }>().toExtend<ClientConfigOf<typeof S3Client>>();
    expectTypeOf<{ forcePathStyle: true }>().not.toExtend<Required<ClientConfigOf<typeof EC2Client>>>();
    expectTypeOf<{ region: string }>().not.toExtend<ClientConfigOf<typeof EC2Client>>();
    expectTypeOf<{ maxAttempts: number; credentials: CredentialProvider }>().not.toExtend<
      ClientConfigOf<typeof EC2Client>
    >();
    expectTypeOf<EC2ClientConfig>().not.toExtend<ClientConfigOf<typeof EC2Client>>();
  });

  it("accepts a platform's complete argument object, but not a setting of the wrong type", () => {
    interface Arguments {
      bucket: string;
    }
    expectTypeOf<Arguments>().toExtend<NonNullable<Parameters<typeof get>[2]>>();
    expectTypeOf(() =>
      get(EC2Client, instance, { region: "eu-west-1", bucket: "b" }),
    ).returns.toEqualTypeOf<EC2Client>();
    expectTypeOf<{ roleArn: string; bucket: string; tags: string[] }>().toExtend<
      NonNullable<Parameters<typeof get>[2]>
    >();
    expectTypeOf<{ roleArn: number }>().not.toExtend<NonNullable<Parameters<typeof get>[2]>>();
    expectTypeOf<{ roleArm: string }>().not.toExtend<Required<IntegrationInstance>>();
  });
});

describe("commandPolicy", () => {
  const commands = {
    list: ["ec2:DescribeInstances"],
    stop: [{ actions: ["ec2:StopInstances"], resources: ["arn:aws:ec2:*:*:instance/*"] }],
    none: [],
  } satisfies CommandPermissions;
  const anyCommands: CommandPermissions = commands;
  function policyOf(name: string) {
    return create(anyCommands, name);
  }

  it("returns a session policy, without a cast", () => {
    const client = () => get(EC2Client, instance, {}, { session: { policy: create(commands, "stop") } });
    expectTypeOf(client).returns.toEqualTypeOf<EC2Client>();
    expectTypeOf(policyOf).returns.toExtend<Exclude<IntegrationInstance["policy"], string | undefined>>();
  });

  it("accepts only the names of the commands, if they are known", () => {
    // @ts-expect-error there is no command start
    () => create(commands, "start");
    expectTypeOf(policyOf).parameter(0).toEqualTypeOf<string>();
  });

  it("does not accept permissions of another shape", () => {
    expectTypeOf<{ a: ["ec2:DescribeInstances"] }>().toExtend<CommandPermissions>();
    expectTypeOf<{ a: "ec2:DescribeInstances" }>().not.toExtend<CommandPermissions>();
    expectTypeOf<{ a: [{ actions: ["ec2:StopInstances"] }] }>().not.toExtend<CommandPermissions>();
  });
});

describe("a user-defined helper", () => {
  it("can be generic over the client class, with or without its configuration", () => {
    function clientOf<K extends SdkClientConstructor>(Client: K): InstanceType<K> {
      const client: InstanceType<K> = get(Client, instance);
      client.destroy();
      return client;
    }
    function configured<K extends SdkClientConstructor>(Client: K, clientConfig: ClientConfigOf<K>): InstanceType<K> {
      return resolver.getClientForCommand(Client, instance, {}, { clientConfig });
    }
    function withOptions<K extends SdkClientConstructor>(Client: K, options: GetClientOptions<K>): InstanceType<K> {
      return get(Client, instance, undefined, options);
    }
    expectTypeOf(() => clientOf(S3Client)).returns.toEqualTypeOf<S3Client>();
    expectTypeOf(() => configured(EC2Client, { maxAttempts: 2 })).returns.toEqualTypeOf<EC2Client>();
    expectTypeOf(() => withOptions(KinesisClient, { fresh: true })).returns.toEqualTypeOf<KinesisClient>();
    // @ts-expect-error: S3's own setting
    expectTypeOf(() => configured(EC2Client, { forcePathStyle: true })).toBeFunction();
  });
});

describe("an instance", () => {
  interface Configuration extends IntegrationInstance {
    customer: string;
  }
  const configuration: Configuration = { roleArn: "arn:aws:iam::123456789012:role/Inventory", customer: "a" };
  class Settings {
    roleArn = "arn:aws:iam::123456789012:role/Inventory";
    describe() {
      return this.roleArn;
    }
  }

  it("with an unknown key is rejected by the compiler, as it is at run time", () => {
    // @ts-expect-error customer is not a setting
    () => get(EC2Client, configuration);
    // @ts-expect-error customer is not a setting
    () => resolver.getClientForCommand(EC2Client, configuration);
    // @ts-expect-error customer is not a setting
    () => resolver.resolve(configuration);
    // @ts-expect-error customer is not a setting
    () => resolver.provider(configuration);
    // @ts-expect-error customer is not a setting
    () => resolver.verify(configuration);
    // @ts-expect-error customer is not a setting
    () => resolver.invalidate(configuration);
    // @ts-expect-error rolearn is not a setting
    () => get(EC2Client, { rolearn: "arn:aws:iam::123456789012:role/Inventory" });
  });

  it("can be an object of a class with methods, and can be passed on", () => {
    expectTypeOf(() => get(EC2Client, new Settings())).returns.toEqualTypeOf<EC2Client>();
    expectTypeOf(() => get<typeof EC2Client>(EC2Client, instance)).returns.toEqualTypeOf<EC2Client>();
    const passOn = (given: IntegrationInstance) => resolver.resolve(given, {});
    expectTypeOf(passOn).parameter(0).toEqualTypeOf<IntegrationInstance>();
  });
});

describe("the SDK's types", () => {
  it("providers and identities can be base identities", () => {
    expectTypeOf<AwsCredentialIdentityProvider>().toExtend<CredentialProvider>();
    expectTypeOf<RuntimeConfigAwsCredentialIdentityProvider>().toExtend<CredentialProvider>();
    expectTypeOf<ReturnType<typeof fromInstanceMetadata>>().toExtend<CredentialProvider>();
    expectTypeOf<ReturnType<CredentialProvider>>().toExtend<ReturnType<AwsCredentialIdentityProvider>>();
  });

  it("a resolver's provider can be an SDK provider", () => {
    expectTypeOf<ReturnType<CredentialResolver["provider"]>>().toExtend<AwsCredentialIdentityProvider>();
  });

  it("an STSClient can be the STS client", () => {
    expectTypeOf<STSClient>().toExtend<StsLike>();
  });
});
