import fc from "fast-check";
import { ROLE } from "../support/local.js";
import { advisoryPoints, EXPIRY_MARGIN, usePoints } from "./reference-model.js";
import { type AnyRequestName, HUB_NAMES, HUBS, NO_ROLE, REQUEST_NAMES, type RequestName } from "./requests.js";
import type { Scene } from "./scene.js";
import type { StsFault } from "./world.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The scene contains the model, which follows what AWS does, also between two commands. */
type ModelCommand = fc.AsyncCommand<object, Scene>;

/** One step of a run, with its name. Every invariant is checked after it. */
function step(label: string, run: (scene: Scene) => unknown): ModelCommand {
  return {
    check: () => true,
    async run(_, scene) {
      await run(scene);
      scene.witness.check();
    },
    toString: () => label,
  };
}

/** Points in the lifetime of a held session, by its age. */
const AGES = {
  "a caller shows that it is in use": (life: number) => usePoints(life, SECOND).latest,
  "the refresh may be advised": (life: number) => advisoryPoints(life).earliest,
  "the refresh is advised": (life: number) => advisoryPoints(life).latest,
  "it is about to expire": (life: number) => life - EXPIRY_MARGIN - 1,
  "it has just expired": (life: number) => life - EXPIRY_MARGIN,
  "STS refuses it": (life: number) => life,
};
type Age = keyof typeof AGES;

const name = fc.constantFrom(...REQUEST_NAMES);
/** One role's four sessions are more frequent than the others, because they must not be confused. */
const anyName = fc.constantFrom<AnyRequestName[]>(...REQUEST_NAMES, ...REQUEST_NAMES, NO_ROLE);
const age = fc.constantFrom(...(Object.keys(AGES) as Age[]));
const span = fc.constantFrom(
  1,
  20,
  200,
  SECOND,
  3 * SECOND,
  11 * SECOND,
  MINUTE,
  5 * MINUTE,
  20 * MINUTE,
  HOUR,
  7 * HOUR,
);
const wish = fc.constantFrom({ forceRefresh: true }, { minRemaining: 5 * MINUTE }, { minRemaining: 14 * MINUTE });

const use = anyName.map((it) => step(`use ${it}`, (scene) => scene.use([{ name: it }])));

const useTogether = fc
  .array(anyName, { minLength: 2, maxLength: 5 })
  .map((names) => step(`use together: ${names.join(", ")}`, (scene) => scene.use(names.map((it) => ({ name: it })))));

const useWishing = fc
  .tuple(name, wish)
  .map(([it, own]) => step(`use ${it} with ${JSON.stringify(own)}`, (scene) => scene.use([{ name: it, wish: own }])));

const useAndAbort = fc
  .tuple(anyName, fc.constantFrom("before" as const, "while loading" as const))
  .map(([it, when]) => step(`use ${it} and abort ${when}`, (scene) => scene.useAndAbort(it, when)));

const advance = span.map((ms) => step(`advance ${ms} ms`, (scene) => scene.advance(ms)));

const advanceToAge = fc
  .tuple(name, age)
  .map(([it, when]) =>
    step(`advance until of ${it} ${when}`, (scene) => scene.advance(scene.until(it, AGES[when]) ?? SECOND)),
  );

const freeze = fc.oneof(
  span.map((ms) => step(`freeze ${ms} ms`, (scene) => scene.witness.freeze(ms))),
  fc
    .tuple(name, age)
    .map(([it, when]) =>
      step(`freeze until of ${it} ${when}`, (scene) => scene.witness.freeze(scene.until(it, AGES[when]) ?? SECOND)),
    ),
);

const stepWallClock = fc
  .constantFrom(-24 * HOUR, -HOUR, -5 * SECOND, 5 * SECOND, HOUR, 24 * HOUR)
  .map((ms) => step(`step the wall clock by ${ms} ms`, (scene) => scene.stepWallClock(ms)));

const sleep = span.map((ms) => step(`sleep ${ms} ms`, (scene) => scene.sleep(ms)));

/** Only a session that is refused again and again shows how often it is replaced. */
const refusedName = fc.constantFrom<RequestName[]>("inventory", "deploy", "inventory behind a hub");

const refuse = refusedName.map((it) => step(`a service refuses the session of ${it}`, (scene) => scene.refuse(it)));

const stsFails = fc
  .tuple(
    fc.constantFrom<StsFault>("500", "throttling", "denied", "hang"),
    fc.constantFrom(undefined, undefined, HUBS["a hub"], ROLE),
  )
  .map(([fault, roleArn]) =>
    step(`STS fails${roleArn === undefined ? "" : ` for ${roleArn}`}: ${fault}`, (scene) =>
      scene.witness.faultSts(fault, roleArn),
    ),
  );

const stsRecovers = fc.constant(step("STS recovers", (scene) => scene.witness.faultSts(undefined)));

const profileChanges = fc
  .boolean()
  .map((fails) =>
    step(`the instance profile ${fails ? "fails" : "recovers"}`, (scene) => scene.witness.failProfile(fails)),
  );

const invalidate = anyName.map((it) => step(`invalidate ${it}`, (scene) => scene.invalidate(it)));

const rotateBase = fc
  .boolean()
  .map((refuse) =>
    step(`rotate the base${refuse ? ", old keys refused" : ""}`, (scene) => scene.witness.rotateBase(refuse)),
  );

const replaceBase = fc.constant(step("the machine gets another role", (scene) => scene.witness.replaceBase()));

const revokeHub = fc
  .constantFrom(...HUB_NAMES)
  .map((hub) => step(`STS refuses the session of ${hub}`, (scene) => scene.witness.revoke(hub)));

const close = fc.constant(step("close", (scene) => scene.close()));

const times = (count: number, arbitrary: fc.Arbitrary<ModelCommand>) => Array<typeof arbitrary>(count).fill(arbitrary);

const EVEN_TIME = [
  ...times(4, use),
  ...times(3, useTogether),
  ...times(2, useWishing),
  ...times(2, useAndAbort),
  ...times(4, advance),
  ...times(5, advanceToAge),
  ...times(2, stsFails),
  ...times(3, stsRecovers),
  ...times(1, profileChanges),
  ...times(2, invalidate),
  ...times(4, refuse),
  ...times(2, rotateBase),
  ...times(1, replaceBase),
  ...times(2, revokeHub),
];

/** Every possible command. Each run ends with a close, and one command in forty closes earlier. */
export const COMMANDS = [...EVEN_TIME, ...times(2, freeze), ...times(2, stepWallClock), ...times(2, sleep), close];
/** Excludes what the servers' clock cannot follow, or a server that cannot see its client give up. */
export const COMMANDS_OVER_SOCKETS = [...EVEN_TIME, close];
