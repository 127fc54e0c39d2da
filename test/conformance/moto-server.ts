import { spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";

/** The server exits when descriptor 3 closes: through `stop()`, or when this process ends for any reason. */
const SCRIPT = 'moto_server --host 127.0.0.1 --port 0 & server=$!; (cat; kill -9 "$server") <&3 & wait "$server"';
const START_TIMEOUT = 60_000;
const POLL_INTERVAL = 50;
/** The messages of a shell, and of pyenv's shims, for a missing command. */
const NOT_FOUND = 127;

export interface MotoServer {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * A Moto server in its own process, on a free port, or `undefined` if Moto is not installed.
 * https://docs.getmoto.org/en/latest/docs/server_mode.html
 */
export async function startMoto(env: Record<string, string> = {}): Promise<MotoServer | undefined> {
  const shell = spawn("sh", ["-c", SCRIPT], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  let log = "";
  let outcome: number | string | undefined;
  shell.stderr?.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const ended = new Promise<void>((resolve) => {
    const end = (how: number | string) => {
      outcome = how;
      resolve();
    };
    shell.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    shell.once("exit", (code, signal) => end(code ?? String(signal)));
  });
  const stop = async () => {
    shell.stdio[3]?.destroy();
    await ended;
  };

  const latest = performance.now() + START_TIMEOUT;
  while (performance.now() < latest && outcome === undefined) {
    const url = /Running on (http:\S+)/.exec(log)?.[1];
    if (url && (await answers(url))) return { url, stop };
    await wait(POLL_INTERVAL);
  }
  const isMissing = outcome === "ENOENT" || outcome === NOT_FOUND;
  const what = outcome === undefined ? `did not start within ${START_TIMEOUT / 1000} s` : `ended with ${outcome}`;
  await stop();
  if (isMissing) return undefined;
  throw new Error(`moto_server ${what}:\n${log}`);
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/moto-api/`, { signal: AbortSignal.timeout(5000) }).then(
    (response) => response.ok,
    () => false,
  );
}
