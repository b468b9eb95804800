import { DriveError } from '../../protocol/errors.ts';
import type { Collision } from '../../protocol/fileMessages.ts';

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
  const dot = name.lastIndexOf('.');
  const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  for (let number = 2; ; number += 1) {
    const candidate = `${stem} (${number})${extension}`;
    if (!(await isTaken(candidate))) return candidate;
  }
}
