import { expect, it, vi } from "vitest";
import { ROLE, setUpLocal } from "../support/local.js";

it.each(["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])(
  "an STS endpoint of the instance's own is asked as it stands, whatever %s says",
  async (name) => {
    const { aws, resolver } = await setUpLocal();
    vi.stubEnv(name, "true");
    await resolver.resolve({ roleArn: ROLE, region: "eu-central-1", sts: { endpoint: aws.endpoint } });
    expect(aws.count({ target: "sts", status: 200 })).toBe(1);
  },
);
