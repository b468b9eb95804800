import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { fsErrorCode } from '../../base/errno.ts';
import { UnusableFolderError } from '../../base/ownFiles.ts';
import { loadMounts } from '../../volume/mountPoint.ts';

/**
 * Rejects with UnusableFolderError where one of the folders lies in a volume of any drive: what this one keeps would be sent to the
 * service, tokens among it. They need not exist yet.
 */
export async function checkOutsideVolumes(...folders: readonly string[]): Promise<void> {
  // A system that tells of no mounts, as Windows, has no volumes.
  const volumes = (await loadMounts().catch(() => [])).filter(({ ours }) => ours);
  if (volumes.length === 0) return;
  for (const folder of folders) {
    const real = await findReal(folder);
    const isWithin = volumes.some(({ path }) => relative(path, real).split('/')[0] !== '..');
    if (isWithin) throw new UnusableFolderError(folder, 'lies in a Jottacloud volume');
  }
}

/** Links resolved as far as the path exists. */
async function findReal(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const above = dirname(path);
    if (fsErrorCode(error) !== 'ENOENT' || above === path) return path;
    return join(await findReal(above), basename(path));
  }
}
