import { ErrnoError } from '../../base/errno.ts';
import type { Ino, NodeRow } from '../../store/nodeRow.ts';
import type { Vfs } from '../../vfs/vfs.ts';
import type { OpenFiles } from './openFiles.ts';

/**
 * What clients call a file that was removed or replaced while they have it open: Linux `.nfs` and 24 hex digits, macOS
 * `.nfs.` and two groups of them.
 */
const clientName = /^\.nfs\.?[0-9a-f]{8,}(\.[0-9a-f]+)?$/i;

export function isClientName(name: string): boolean {
  return clientName.test(name);
}

/**
 * Files that lost their name to a client's silly rename. NFSv3 cannot say "still open", so a client renames an open file
 * that it is told to remove, and removes that name at the last close. Here the file is removed at once and stays open
 * until then; the client's name for it exists in this table only, so that nothing of it reaches the account, even if
 * client or drive die in between.
 */
export class RemovedFiles {
  readonly #vfs: Vfs;
  readonly #files: OpenFiles;
  /** Key: ino of the folder, and the client's name in lower case. */
  readonly #names = new Map<string, Ino>();

  constructor(vfs: Vfs, files: OpenFiles) {
    this.#vfs = vfs;
    this.#files = files;
  }

  /** The file behind a client's name. ENOENT when there is none. */
  lookup(folder: Ino, name: string): Ino {
    const ino = this.#names.get(toKey(folder, name));
    if (ino === undefined) throw new ErrnoError('ENOENT', 'no such file');
    return ino;
  }

  /** The client renames `row` to a name of its own: the file goes, and stays open. */
  async take(row: NodeRow, from: { parent: Ino; name: string }, to: { parent: Ino; name: string }): Promise<void> {
    if (row.kind !== 'file') throw new ErrnoError('EINVAL', 'only files are kept open without a name');
    await this.#files.hold(row.ino);
    try {
      await this.#vfs.unlink(from.parent, from.name);
    } catch (error) {
      await this.#files.letGo(row.ino);
      throw error;
    }
    this.#names.set(toKey(to.parent, to.name), row.ino);
  }

  /** The last close. Nothing to do for a name of before a restart: what it stood for went with the drive. */
  async drop(folder: Ino, name: string): Promise<void> {
    const key = toKey(folder, name);
    const ino = this.#names.get(key);
    this.#names.delete(key);
    if (ino !== undefined) await this.#files.letGo(ino);
  }
}

function toKey(folder: Ino, name: string): string {
  return `${folder}/${name.toLowerCase()}`;
}
