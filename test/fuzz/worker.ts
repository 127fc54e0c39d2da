import { type ChildProcess, fork } from "node:child_process";
import type { Question } from "./child.js";
import type { Verdict } from "./observe.js";

/** Milliseconds. A child that is silent for that long is blocked: its own limit on a call is far shorter. */
const BLOCKED_AFTER = 20_000;
const STARTS_WITHIN = 60_000;
/** The number of characters of its last output to keep. */
const LAST_WORDS = 2000;

/**
 * A child process that makes the calls, one at a time. This process detects if the child is blocked, or if microtasks
 * starve its timers, which the child itself could not detect. The child is then ended, and the next call gets a new
 * one.
 */
export class Worker {
  readonly #file: string;
  readonly #blockedAfter: number;
  #child: ChildProcess | undefined;
  #lastWords = "";

  constructor(file: string, blockedAfter = BLOCKED_AFTER) {
    this.#file = file;
    this.#blockedAfter = blockedAfter;
  }

  /** Starts a child if there is none. */
  async ready(): Promise<ChildProcess> {
    this.#child ??= await this.#start();
    return this.#child;
  }

  async ask(question: Question): Promise<Verdict> {
    const child = await this.ready();
    child.send(question);
    const answer = await this.#next(child, this.#blockedAfter);
    if (typeof answer === "object") {
      // A pending call would count for the next one.
      if (answer.outcome === "hung") this.end();
      return answer;
    }
    this.end();
    return { outcome: "blocked", problems: [`the process ${answer}`, this.#lastWords].filter(Boolean) };
  }

  end(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  async #start(): Promise<ChildProcess> {
    this.#lastWords = "";
    const child = fork(this.#file, {
      execArgv: ["--max-old-space-size=1024"],
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    child.stderr?.on("data", (chunk) => {
      this.#lastWords = `${this.#lastWords}${chunk}`.slice(-LAST_WORDS);
    });
    const said = await this.#next(child, STARTS_WITHIN);
    if (said !== "ready") throw new Error(`The child process ${said}. ${this.#lastWords}`);
    return child;
  }

  #next(child: ChildProcess, ms: number): Promise<Verdict | string> {
    return new Promise((resolve) => {
      const settle = (answer: Verdict | string) => {
        clearTimeout(timer);
        child.off("message", onMessage).off("close", onExit);
        resolve(answer);
      };
      const onMessage = (message: unknown) => settle(message as Verdict | string);
      const onExit = (code: number | null, signal: string | null) => settle(`ended with ${code ?? signal}`);
      const timer = setTimeout(() => settle(`was blocked for ${ms} ms`), ms);
      child.on("message", onMessage).on("close", onExit); // after its last output
    });
  }
}
