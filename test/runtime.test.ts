import { describe, expect, it } from "vitest";
import { systemRuntime } from "../src/runtime.js";

describe("the machine's runtime", () => {
  it("sleeps, and rejects at once with the signal's reason", async () => {
    await systemRuntime.sleep(1);
    const controller = new AbortController();
    const sleeping = systemRuntime.sleep(60_000, controller.signal);
    controller.abort("woken");
    await expect(sleeping).rejects.toBe("woken");
    await expect(systemRuntime.sleep(60_000, AbortSignal.abort("before"))).rejects.toBe("before");
  });

  it("runs a task later, unless it is canceled", async () => {
    const ran: string[] = [];
    systemRuntime.schedule(1, () => ran.push("cancelled"))();
    await new Promise<void>((resolve) => systemRuntime.schedule(1, resolve));
    expect(ran).toEqual([]);
  });

  it("does not keep the process alive for a scheduled task", () => {
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === "Timeout").length;
    const before = timers();
    const cancel = systemRuntime.schedule(60_000, () => {});
    expect(timers()).toBe(before); // Node lists only resources that keep it alive
    cancel();
  });

  it("does not run a task at once for a delay beyond the limit of Node's timers", async () => {
    let fired = false;
    const cancel = systemRuntime.schedule(2 ** 40, () => {
      fired = true;
    });
    await systemRuntime.sleep(5);
    cancel();
    expect(fired).toBe(false);
  });

  it("provides the time, random numbers and the hostname", () => {
    expect(Math.abs(systemRuntime.now() - Date.now())).toBeLessThan(1000);
    expect(systemRuntime.monotonic()).toBeLessThanOrEqual(systemRuntime.monotonic());
    expect(systemRuntime.random()).toBeLessThan(1);
    expect(systemRuntime.hostname()).toMatch(/./);
    expect(systemRuntime.env).toBe(process.env);
  });
});
