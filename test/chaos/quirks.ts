import { type QuirkName, type Quirks, quirkTable } from '../emulator/quirks.ts';
import type { Random } from './random.ts';

/** With these the service refuses for good what a user may do, or forgets content: not all arrives then, by design. */
const refusing: readonly QuirkName[] = [
  'mkDirUntrashes',
  'moveFolderOntoTrashed',
  'dedup',
  'reservedCharacters',
  'nameLimit',
  'percentInName',
];

/** A service that behaves as the real one may: most of it by default, some of it otherwise. */
export function pickQuirks(random: Random): Partial<Quirks> {
  const picked: Record<string, string> = {};
  for (const [name, values] of Object.entries(quirkTable)) {
    if (!refusing.includes(name as QuirkName) && random.chance(0.3)) picked[name] = random.pick<string>(values);
  }
  return picked as Partial<Quirks>;
}
