import { DescribeInstancesCommand } from "@aws-sdk/client-ec2";
import { describe, expect, it } from "vitest";
import { GuardedStack } from "../../src/clients/guarded-stack.js";
import type { Middleware, MiddlewareStack } from "../../src/clients/sdk-middleware.js";

/** An empty stack of the SDK: a new command's. */
const emptyStack = () => new DescribeInstancesCommand({}).middlewareStack as unknown as MiddlewareStack;

/** A stack whose last step and middleware note that they ran. */
function setUp() {
  const ran: string[] = [];
  const guarded = new GuardedStack(emptyStack(), (send) => (args) => {
    ran.push("last step");
    return send(args);
  });
  const note =
    (name: string): Middleware =>
    (next) =>
    (args) => {
      ran.push(name);
      return next(args);
    };
  const run = async (stack: MiddlewareStack = guarded) => {
    ran.length = 0;
    await stack.resolve(async () => void ran.push("sent"), {})({ input: {} });
    return ran.slice();
  };
  return { guarded, note, run };
}

describe("the last step", () => {
  it("runs after all middleware, even the one that comes last", async () => {
    const { guarded, note, run } = setUp();
    guarded.add(note("very last"), { step: "deserialize", priority: "low" });
    guarded.add(note("first"), { step: "initialize" });
    expect(await run()).toEqual(["first", "very last", "last step", "sent"]);
  });

  it("cannot be seen, removed or replaced", async () => {
    const { guarded, run } = setUp();
    expect(guarded.identify()).toEqual([]);
    for (const name of ["last step", "lastStep"]) expect(guarded.remove(name)).toBe(false);
    expect(guarded.removeByTag("HTTP_SIGNING")).toBe(false);
    expect(await run()).toEqual(["last step", "sent"]);
  });

  it.each<[string, (guarded: GuardedStack) => MiddlewareStack]>([
    ["a clone", (guarded) => guarded.clone()],
    ["a clone of a clone", (guarded) => guarded.clone().clone()],
    [
      "a stack that is joined with another one, as the SDK does for each command",
      (guarded) => guarded.concat(emptyStack()),
    ],
  ])("runs in %s", async (_, derive) => {
    const { guarded, run } = setUp();
    expect(await run(derive(guarded))).toEqual(["last step", "sent"]);
  });
});

describe("a stack that clients share", () => {
  it.each<[string, (stack: GuardedStack, middleware: Middleware) => unknown]>([
    ["add", (stack, middleware) => stack.add(middleware, { name: "added" })],
    [
      "addRelativeTo",
      (stack, middleware) =>
        stack.addRelativeTo(middleware, { name: "beside", relation: "before", toMiddleware: "own" } as never),
    ],
    ["use", (stack, middleware) => stack.use({ applyToStack: (to) => to.add(middleware, { name: "plugin" }) })],
    ["remove", (stack) => stack.remove("own")],
    ["removeByTag", (stack) => stack.removeByTag("tagged")],
    ["identifyOnResolve", (stack) => stack.identifyOnResolve(true)],
  ])("is not changed by %s on one of them", async (_, change) => {
    const { guarded, note, run } = setUp();
    guarded.add(note("own"), { name: "own", tags: ["tagged"] } as never);
    const [one, other] = [guarded.clone(), guarded.clone()];
    const before = await run(other);
    change(one, note("changed"));
    for (const stack of [other, guarded]) {
      expect(await run(stack)).toEqual(before);
      expect(stack.identifyOnResolve()).toBe(false);
      expect(stack.identify()).toEqual(other.identify());
    }
  });

  it("keeps each client's own changes after further clones", async () => {
    const { guarded, note, run } = setUp();
    const one = guarded.clone();
    one.add(note("one"));
    const two = one.clone();
    two.add(note("two"));
    one.add(note("one again"));
    expect(await run(one)).toEqual(["one", "one again", "last step", "sent"]);
    expect(await run(two)).toEqual(["one", "two", "last step", "sent"]);
    expect(await run()).toEqual(["last step", "sent"]);
  });
});

it("a guarded stack can be applied to another stack", () => {
  const { guarded, note } = setUp();
  guarded.add(note("own"), { name: "own" });
  const other = emptyStack();
  guarded.applyToStack(other);
  expect(other.identify().join()).toContain("own");
});
