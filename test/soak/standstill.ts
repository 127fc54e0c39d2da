import type { CredentialResolver } from "../../src/index.js";
import type { Commands } from "./commands.js";
import type { RemoteAws } from "./remote-aws.js";

export interface StandstillOptions {
  readonly resolver: CredentialResolver;
  readonly aws: RemoteAws;
  readonly commands: Commands;
  /** Whether nothing can be waiting for the clock to move. */
  isCalm(): boolean;
}

/** In trouble, what has not changed for so many turns of both threads waits for the clock to move. */
const TURNS_IN_TROUBLE = 20;
/** In calm, only the first call to STS takes long: it waits for modules that are imported. */
const TURNS_IN_CALM = 100_000;

/**
 * Returns a function that lets I/O through until all that is under way is at its end or waits for the clock. An
 * exchange that is under way while the clock moves on would look like an STS that takes minutes to answer.
 */
export function createStandstill({ resolver, aws, commands, isCalm }: StandstillOptions): () => Promise<void> {
  let requestsBefore = 0;
  return async () => {
    const enough = isCalm() ? TURNS_IN_CALM : TURNS_IN_TROUBLE;
    for (let unchanged = 0, before = ""; unchanged < enough; ) {
      const requests = await aws.look();
      const { assumeRoleInFlight, assumeRoleQueued } = resolver.stats();
      const underWay = [assumeRoleInFlight, assumeRoleQueued, commands.open];
      // Reads of the metadata service are seen by the server alone.
      if (requests === requestsBefore && underWay.every((count) => count === 0)) return;
      requestsBefore = requests;
      const now = [requests, ...underWay].join(" ");
      unchanged = now === before ? unchanged + 1 : 0;
      before = now;
    }
  };
}
