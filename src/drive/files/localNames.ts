import { nameKey } from '../../base/nameKey.ts';
import { getFacts } from '../../base/platform.ts';
import { cutName, splitEnding } from '../../sync/tree/standIns.ts';

/**
 * The names of one local folder: each one part of a path, never a way out of the folder nor to a device, and no two the same, on a
 * disk that ignores case either.
 */
export function createLocalNames(facts = getFacts()): (name: string) => string {
  const used = new Set<string>();
  return (name) => {
    const safe = name.replaceAll(facts.unwritable, '_');
    const local = facts.refusedName.test(safe) ? `_${safe.replace(/[. ]+$/, '')}` : safe;
    const { stem, ending } = splitEnding(local);
    let free = local;
    for (let number = 2; used.has(nameKey(free)); number += 1) free = cutName(stem, ` (${number})${ending}`);
    used.add(nameKey(free));
    return free;
  };
}
