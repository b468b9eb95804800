import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Recent } from '../../base/recent.ts';
import { isPreviewDaemon } from '../previews.ts';
import { fuseLimits } from './limits.ts';

interface Known {
  readonly isDaemon: Promise<boolean>;
  /** ms, monotonic. */
  readonly askedAt: number;
}

/** What the callers of a volume are, by the numbers of their processes. */
export class Programs {
  readonly #known = new Recent<number, Known>(fuseLimits.programs);

  /** false where nobody knows, as for `undefined` and 0, which some kernels say. */
  isPreviewDaemon(pid: number | undefined): Promise<boolean> {
    if (pid === undefined || pid <= 0) return Promise.resolve(false);
    const now = performance.now();
    const known = this.#known.get(pid);
    if (known !== undefined && now - known.askedAt < fuseLimits.programMs) return known.isDaemon;
    const isDaemon = getCommand(pid).then(isPreviewDaemon, () => false);
    this.#known.set(pid, { isDaemon, askedAt: now });
    return isDaemon;
  }
}

/** Its program as the kernel knows it: on macOS the path, on Linux the first 15 characters of the name. */
async function getCommand(pid: number): Promise<string> {
  const { stdout } = await promisify(execFile)('/bin/ps', ['-o', 'comm=', '-p', String(pid)], {
    timeout: fuseLimits.nameMs,
  });
  return stdout.trim();
}
