import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import type { Tally } from "./ledger.js";
import type { ImdsTrouble, KeyChange, StsTrouble } from "./weather.js";

/** Commands for the worker. Each command gets a response. */
export type Order =
  | { readonly kind: "look" }
  | { readonly kind: "sts"; readonly trouble: StsTrouble | undefined }
  | { readonly kind: "imds"; readonly trouble: ImdsTrouble | undefined }
  | { readonly kind: "keys"; readonly change: KeyChange }
  | { readonly kind: "tally" };

export interface WorkerSetup {
  /** One float: the wall clock of the process under test, which is also the server's. */
  readonly sharedTime: SharedArrayBuffer;
  readonly roles: number;
}

export interface WorkerStarted {
  readonly endpoint: string;
  readonly env: Record<string, string>;
}

/** A local AWS in a separate thread, so that its memory is not in the heap under test. */
export interface RemoteAws extends WorkerStarted {
  /** Sends the time to the server. */
  setTime(wall: number): void;
  /** Lets the server process what has arrived. Returns the number of requests so far. */
  look(): Promise<number>;
  troubleSts(trouble: StsTrouble | undefined): Promise<void>;
  troubleImds(trouble: ImdsTrouble | undefined): Promise<void>;
  changeKeys(change: KeyChange): Promise<void>;
  tally(): Promise<Tally>;
  close(): Promise<void>;
}

export async function startRemoteAws(roles: number, now: number): Promise<RemoteAws> {
  const sharedTime = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT);
  const time = new Float64Array(sharedTime);
  time[0] = now;
  const setup: WorkerSetup = { sharedTime, roles };
  const worker = new Worker(await bundleOf("aws-worker.ts"), { workerData: setup });
  const [started] = (await once(worker, "message")) as [WorkerStarted];

  const replies: ((reply: unknown) => void)[] = [];
  worker.on("message", (reply) => replies.shift()?.(reply));
  const give = <T>(order: Order): Promise<T> =>
    new Promise<T>((resolve) => {
      replies.push(resolve as (reply: unknown) => void);
      worker.postMessage(order);
    });

  return {
    ...started,
    setTime: (wall) => {
      time[0] = wall;
    },
    look: () => give({ kind: "look" }),
    troubleSts: (trouble) => give({ kind: "sts", trouble }),
    troubleImds: (trouble) => give({ kind: "imds", trouble }),
    changeKeys: (change) => give({ kind: "keys", change }),
    tally: () => give({ kind: "tally" }),
    close: async () => {
      await worker.terminate();
    },
  };
}

/** On Node 20, a worker cannot run TypeScript. */
async function bundleOf(file: string): Promise<URL> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    write: false,
    platform: "node",
    target: "node20",
    format: "esm",
  });
  const code = outputFiles.map(({ text }) => text).join("");
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}
