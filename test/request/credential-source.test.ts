import { describe, expect, it } from "vitest";
import { readInstance } from "../../src/request/integration-instance.js";
import { expectInvalid, ROLE, refusalOf } from "./support.js";

const ALLOWED =
  '"Ec2InstanceMetadata", "EcsContainer", "WebIdentity", "Environment", "Runtime", { profile }, { webIdentityTokenFile, roleArn, roleSessionName? }, { accessKeyId, secretAccessKey, sessionToken? }, or a function that resolves to keys';
const read = (credentials: unknown, credentialsName?: string) =>
  readInstance({ credentials, credentialsName }).credentials;

describe("instance.credentials", () => {
  it.each(["Ec2InstanceMetadata", "EcsContainer", "WebIdentity", "Environment", "Runtime"])(
    "takes %s, without a look at the environment",
    (name) => {
      expect(read(name)).toEqual({ choice: name, name: undefined, plainHttp: false });
    },
  );

  it.each([
    ["Ec2InstanceMetaData", "Ec2InstanceMetadata"],
    ["ec2-instance-metadata", "Ec2InstanceMetadata"],
    ["EC2", "Ec2InstanceMetadata"],
    ["ECSContainer", "EcsContainer"],
    ["ecs", "EcsContainer"],
    ["container", "EcsContainer"],
    ["WebIdentiy", "WebIdentity"],
    ["environment", "Environment"],
    ["env", "Environment"],
    ["runtime", "Runtime"],
  ])("reads %s like %s, and says so", (given, meant) => {
    expectInvalid(
      () => read(given),
      "instance.credentials",
      `instance.credentials is "${given}", which looks like "${meant}". Allowed: ${ALLOWED}.`,
    );
  });

  it.each(["default", "AKIAIOSFODNN7EXAMPLE", "__proto__", "toString"])("refuses %s without showing it", (given) => {
    expectInvalid(
      () => read(given),
      "instance.credentials",
      `instance.credentials is invalid: received a string of ${given.length} characters. Allowed: ${ALLOWED}.`,
    );
  });

  it.each([
    [{ profile: "" }, "profile"],
    [{ profile: 7 }, "profile"],
    [{ profile: "a]b" }, "profile"],
    [{ profile: "a\nb" }, "profile"],
    [{ webIdentityTokenFile: "/run/token" }, "roleArn"],
    [{ roleArn: ROLE }, "webIdentityTokenFile"],
    [{ webIdentityTokenFile: "", roleArn: ROLE }, "webIdentityTokenFile"],
    [{ webIdentityTokenFile: "/run/token", roleArn: "Reader" }, "roleArn"],
    [{ webIdentityTokenFile: "/run/token", roleArn: ROLE, roleSessionName: "x" }, "roleSessionName"],
    [{ webIdentityTokenFile: "/run/token", roleArn: ROLE, roleSessionname: "xy" }, "roleSessionname"],
    [{ Profile: "work" }, "Profile"],
    [{}, "accessKeyId"],
  ])("refuses %o, naming %s", (credentials, key) => {
    expect(refusalOf(() => read(credentials))).toMatchObject({
      code: "INVALID_REQUEST",
      field: `instance.credentials.${key}`,
    });
  });

  it.each([
    [{ profile: "work", accessKeyId: "AKIAIOSFODNN7EXAMPLE" }, "accessKeyId", "profile"],
    [{ profile: "work", accountId: "111122223333" }, "accountId", "profile"],
    [{ profile: "work", roleArn: ROLE }, "roleArn", "profile"],
    [{ webIdentityTokenFile: "/run/token", secretAccessKey: "x" }, "secretAccessKey", "webIdentityTokenFile"],
  ])("refuses a mixture of sources: %o", (credentials, second, first) => {
    expectInvalid(
      () => read(credentials),
      `instance.credentials.${second}`,
      `instance.credentials.${second} is set together with instance.credentials.${first}. Set the keys of one source only.`,
    );
  });

  it.each(["EcsContainer", "WebIdentity", "Environment", "Runtime", { profile: "work" }])(
    "may have a name for %o",
    (credentials) => {
      expect(read(credentials, "pods").name).toBe("pods");
    },
  );
});
