import { expect, it, vi } from "vitest";
import { ACCOUNT, ROLE, SECOND, setUpLocal } from "../support/local.js";

it.each(["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])(
  "the instance's own STS endpoint is used unchanged, whatever the value of %s",
  async (name) => {
    const { aws, resolver } = await setUpLocal();
    vi.stubEnv(name, "true");
    await resolver.resolve({ roleArn: ROLE, region: "eu-central-1", sts: { endpoint: aws.endpoint } });
    expect(aws.count({ target: "sts", status: 200 })).toBe(1);
  },
);

it("STS is called in the partition's default region while the metadata service is down, and then in the machine's region", async () => {
  const { aws, clock, resolver } = await setUpLocal({ region: "eu-central-1" });
  vi.stubEnv("AWS_REGION", "");
  const credentials = aws.issueUserKeys({ userArn: `arn:aws:iam::${ACCOUNT}:user/engine` });
  aws.setRole({ roleArn: ROLE, trustedPrincipals: ["*"] });
  const outage = aws.fault({ on: { target: "imds" }, status: 500 });
  const instance = { roleArn: ROLE, credentials };
  const first = resolver.resolve(instance);
  await clock.advance(SECOND); // the waits between attempts to read the region
  await first;
  outage.clear();
  await resolver.resolve({ ...instance, roleSessionName: "second" });
  await resolver.resolve({ ...instance, roleSessionName: "third" });
  const asked = aws.requests.filter(({ target }) => target === "sts");
  expect(asked.map(({ region }) => region)).toEqual(["us-east-1", "eu-central-1", "eu-central-1"]);
  expect(aws.count({ target: "imds", operation: "placement", status: 200 })).toBe(1);
});

it("an endpoint from the environment in a different region is rejected before the call", async () => {
  const { aws, resolver } = await setUpLocal();
  vi.stubEnv("AWS_ENDPOINT_URL_STS", "https://sts.eu-west-1.amazonaws.com");
  const error = await resolver.resolve({ roleArn: ROLE, region: "eu-central-1" }).catch((failure) => failure);
  expect(error).toMatchObject({ code: "INVALID_REQUEST", field: "AWS_ENDPOINT_URL" });
  expect(error.message).toMatch(/^AWS_ENDPOINT_URL is in eu-west-1, but the region of STS is eu-central-1\./);
  expect(aws.count({ target: "sts" })).toBe(0);
});

it("if the machine's keys are for a different partition, the error names the machine's partition first", async () => {
  const { aws, resolver } = await setUpLocal({ region: "cn-north-1" });
  vi.stubEnv("AWS_REGION", "");
  aws.fault({ on: { operation: "AssumeRole" }, status: 403, code: "InvalidClientTokenId" });
  await expect(resolver.resolve({ roleArn: ROLE })).rejects.toMatchObject({
    code: "BASE_IDENTITY_REJECTED",
    region: "us-east-1",
    hint: expect.stringMatching(
      /^STS in us-east-1 \(partition aws\) does not recognize these keys: this machine is in cn-north-1 \(partition aws-cn\), and credentials are valid in one partition only\./,
    ),
  });
});
