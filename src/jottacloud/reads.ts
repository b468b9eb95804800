import { FreshFlights } from '../base/flights.ts';
import { Recent } from '../base/recent.ts';
import type { JottaFile } from './types.ts';

/** Paths of which something is remembered: more than are read side by side. */
const rememberedPaths = 1_000;

/** What was learned by reading, for as long as the client lives. */
export class Reads {
  /** Paths that went silent, in the middle of a body or before a listing. */
  readonly silent = new Recent<string, true>(rememberedPaths);
  /** Paths that could not be asked about for a name in them. */
  readonly unreachable = new Recent<string, true>(rememberedPaths);
  /** Contents that are not the newest of their path any more; the newest has the same size, or another. */
  readonly older = new Recent<string, 'sameSize' | 'otherSize'>(rememberedPaths);
  readonly looks = new FreshFlights<string, JottaFile | undefined>();
  /** Whether the number of a revision counts where a part is asked for (pinned.ts); undefined: nobody has asked. */
  heedsNumbers: Promise<boolean | undefined> | undefined;
}
