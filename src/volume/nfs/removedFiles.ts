import type { Ino, NodeRow, Place } from '../../store/nodeRow.ts';
import type { Vfs } from '../../vfs/vfs.ts';
import type { OpenFiles } from './openFiles.ts';

/** What Linux calls a file that is removed or replaced while it is open: the number of the file, and a count. */
const linuxName = /^\.nfs([0-9a-f]{16})[0-9a-f]{8}$/;
/** macOS: a time and a process. */
const macName = /^\.nfs\.[0-9a-f]{8}\.[0-9a-f]{4,8}$/;

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

  /** The file behind a client's name; undefined where it is nobody's or a name of the volume. */
  find(folder: Ino, name: string): Ino | undefined {
    return this.#names.get(toKey(folder, name));
  }

  /**
   * Is the rename of `row` a client's silly rename? A person may give a file such a name too, and it has to stay then: the name
   * must be the client's for this very file, or, where the client's names do not tell, the file must be in use.
   */
  isSillyRename(row: NodeRow, from: Place, to: Place): boolean {
    if (row.kind !== 'file' || from.parent !== to.parent) return false;
    const fileid = linuxName.exec(to.name)?.[1];
    if (fileid !== undefined) return BigInt(`0x${fileid}`) === BigInt(row.ino);
    return macName.test(to.name) && this.#files.isUsed(row.ino);
  }

  /** After `isSillyRename`: the file goes, and stays open. */
  async take(row: NodeRow, from: Place, to: Place): Promise<void> {
    await this.#files.hold(row.ino);
    try {
      await this.#vfs.unlink(from.parent, from.name);
    } catch (error) {
      await this.#files.letGo(row.ino);
      throw error;
    }
    this.#names.set(toKey(to.parent, to.name), row.ino);
  }

  /** The last close. */
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
