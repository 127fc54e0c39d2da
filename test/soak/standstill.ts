import type { CredentialResolver } from "../../src/index.js";
import type { Commands } from "./commands.js";
import type { RemoteAws } from "./remote-aws.js";

export interface StandstillOptions {
  readonly resolver: CredentialResolver;
  readonly aws: RemoteAws;
  readonly commands: Commands;
  /** Whether nothing can be waiting for the clock to advance. */
  isCalm(): boolean;
}

/** During a disturbance, anything unchanged for this many turns of both threads waits for the clock to advance. */
const TURNS_IN_TROUBLE = 20;
/** Without a disturbance, only the first STS call takes long: it waits for modules that are imported. */
const TURNS_IN_CALM = 100_000;

/**
 * Returns a function that lets I/O run until all pending work has ended or waits for the clock. If the clock advanced
 * during an exchange, STS would appear to take minutes to respond.
 */
export function createStandstill({ resolver, aws, commands, isCalm }: StandstillOptions): () => Promise<void> {
  let requestsBefore = 0;
  return async () => {
    const enough = isCalm() ? TURNS_IN_CALM : TURNS_IN_TROUBLE;
    for (let unchanged = 0, before = ""; unchanged < enough; ) {
      const requests = await aws.look();
      const { assumeRoleInFlight, assumeRoleQueued } = resolver.stats();
      const underWay = [assumeRoleInFlight, assumeRoleQueued, commands.open];
      // Only the server sees reads of the metadata service.
      if (requests === requestsBefore && underWay.every((count) => count === 0)) return;
      requestsBefore = requests;
      const now = [requests, ...underWay].join(" ");
      unchanged = now === before ? unchanged + 1 : 0;
      before = now;
    }
  };
}
