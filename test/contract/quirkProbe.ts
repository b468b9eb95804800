import type { Emulator } from '../emulator/emulator.ts';
import type { RawClient } from '../support/emulation.ts';

/** Does what a quirk is about and says in a word or two what came of it. */
export type Probe = (emulator: Emulator, client: RawClient) => Promise<unknown>;

/** A probe, and what it says for each value of its quirk. */
export type QuirkCase = [Probe, Record<string, unknown>];

export const top = '/Jotta/Archive';

/** Number of the current revision of a file below `top`. */
export async function revisionOf(client: RawClient, name: string): Promise<string | undefined> {
  return /<currentRevision><number>(\d+)/.exec((await client.get(`${top}/${name}`)).text)?.[1];
}
