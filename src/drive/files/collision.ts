import { DriveError } from '../../protocol/errors.ts';
import type { Collision } from '../../protocol/fileMessages.ts';
import { cutName, splitEnding } from '../../sync/tree/standIns.ts';

/**
 * The name to use for something that is to be called `name`: that, or a numbered one for `keepBoth`.
 * Throws `alreadyExists` when it is taken and the collision `fail`.
 */
export async function resolveName(
  name: string,
  collision: Collision,
  isTaken: (name: string) => Promise<boolean>,
  path: string,
): Promise<string> {
  if (collision === 'replace' || !(await isTaken(name))) return name;
  if (collision === 'fail') throw new DriveError('alreadyExists', { path });
  const { stem, ending } = splitEnding(name);
  for (let number = 2; ; number += 1) {
    const candidate = cutName(stem, ` (${number})${ending}`);
    if (!(await isTaken(candidate))) return candidate;
  }
}
