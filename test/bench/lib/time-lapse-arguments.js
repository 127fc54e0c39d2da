const PRELOAD = new URL("./time-lapse.js", import.meta.url).href;

/** How a process is started in whose eyes time runs `factor` times faster since `origin`, epoch milliseconds. */
export function timeLapseArguments(timeLapse) {
  if (timeLapse === undefined) return { execArgv: [], env: {} };
  const { factor, origin } = timeLapse;
  return {
    execArgv: ["--import", PRELOAD],
    env: { TIME_LAPSE_FACTOR: String(factor), TIME_LAPSE_ORIGIN: String(origin) },
  };
}
