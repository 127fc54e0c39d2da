/**
 * Preloaded into a process, it lets time run `TIME_LAPSE_FACTOR` times faster since `TIME_LAPSE_ORIGIN`: an hour's session
 * of STS ends while one looks on. `Date`, `performance.now()` and `process.hrtime()` run faster, and timers of more than
 * a minute fire that much sooner. Shorter ones stay as they are: they guard real sockets.
 *
 * `globalThis.realNow` is the clock of the world outside.
 */
import { performance } from "node:perf_hooks";

const LONG_TIMER = 60_000;

const factor = Number(process.env.TIME_LAPSE_FACTOR);
const origin = Number(process.env.TIME_LAPSE_ORIGIN);

const RealDate = Date;
const realNow = performance.now.bind(performance);
/** All processes that share the origin agree on the time. */
const start = realNow();
const startDate = origin + (RealDate.now() - origin) * factor;
const dateNow = () => Math.floor(startDate + (realNow() - start) * factor);

globalThis.realNow = realNow;
globalThis.Date = class FasterDate extends RealDate {
  constructor(...values) {
    if (values.length === 0) super(dateNow());
    else super(...values);
  }

  static now() {
    return dateNow();
  }
};
performance.now = () => start + (realNow() - start) * factor;
const hrtime = () => [Math.floor(performance.now() / 1000), (performance.now() % 1000) * 1e6];
process.hrtime = Object.assign(hrtime, { bigint: process.hrtime.bigint });
for (const name of ["setTimeout", "setInterval"]) {
  const real = globalThis[name];
  const faster = (task, delay, ...values) => real(task, delay > LONG_TIMER ? delay / factor : delay, ...values);
  globalThis[name] = Object.assign(faster, real);
}
