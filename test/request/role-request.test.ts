import { describe, expect, it } from "vitest";
import { requestOf, roleRequestOf } from "./support.js";

const POLICY = { Statement: [{ Effect: "Allow", Action: "ec2:Describe*", Resource: "*" }] };
const ARN = "arn:aws:iam::aws:policy/ReadOnlyAccess";

describe("a role request", () => {
  const input = {
    instance: {
      policy: POLICY,
      policyArns: [ARN],
      tags: { team: "a" },
      transitiveTagKeys: ["team"],
      region: "us-east-1",
      sts: { region: "us-east-1" },
      credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" },
    },
    command: { region: "us-east-2" },
  };

  it("is deeply immutable", () => {
    const mutable: string[] = [];
    const visit = (path: string, value: unknown) => {
      if (typeof value !== "object" || value === null) return;
      if (!Object.isFrozen(value)) mutable.push(path);
      for (const [key, item] of Object.entries(value)) visit(`${path}.${key}`, item);
    };
    visit("request", roleRequestOf(input));
    visit("bare", requestOf({}));
    expect(mutable).toEqual([]);
  });

  it("does not change when its input changes", () => {
    const given = structuredClone(input);
    const request = roleRequestOf(given);
    const before = JSON.stringify(request);
    given.instance.tags.team = "b";
    given.instance.policyArns.push("x");
    given.instance.transitiveTagKeys.push("x");
    given.instance.policy.Statement.pop();
    given.instance.sts.region = "x";
    given.command.region = "x";
    expect(JSON.stringify(request)).toBe(before);
  });

  it("does not freeze its input", () => {
    const given = structuredClone(input);
    roleRequestOf(given);
    for (const value of [
      given,
      given.instance,
      given.instance.tags,
      given.instance.policyArns,
      given.instance.sts,
      given.instance.credentials,
    ]) {
      expect(Object.isFrozen(value)).toBe(false);
    }
  });

  it("is equal for equal input", () => {
    expect(roleRequestOf(structuredClone(input))).toEqual(roleRequestOf(input));
  });

  it("has a digest that does not change between versions", () => {
    const everything = roleRequestOf({
      instance: {
        ...input.instance,
        roleSessionName: "name",
        roleSessionDuration: 900,
        sourceIdentity: "alice",
        externalId: "ab",
      },
    });
    expect({
      base: requestOf({}).chain.digest,
      role: roleRequestOf({}).chain.digest,
      everything: everything.chain.digest,
    }).toMatchInlineSnapshot(`
      {
        "base": "oyLhZVb3Nzfx04PAXG0LRO06IFLrMA0Vn7jT3vHncwk",
        "everything": "XiTE4G914D5JVA6qUijMeobkKmuomVXXreE8U7YgwSY",
        "role": "kdHiO7fXrk2PPNHNbFCIDD16nQyQO97XMfNa_Evio6Q",
      }
    `);
  });
});
