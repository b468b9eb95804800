import { copyFile, lstat, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fsErrorCode } from '../base/errno.ts';
import { makeFolders } from '../base/folders.ts';
import type { Log } from '../base/log.ts';
import { contentFolder, writeBlockFile } from './contentFiles.ts';
import { getFreeBytes } from './freeSpace.ts';

/** The folder that clean content is kept in, which other programs may change: what is gone of it is made anew, and noted. */
export class ContentFolder {
  readonly dir: string;
  readonly #log: Log;
  readonly #unlinking = new Set<Promise<void>>();
  /** Somebody else deleted files of ours. */
  isDoubtful = false;

  constructor(dir: string, log: Log) {
    this.dir = dir;
    this.#log = log;
  }

  pathOf(name: string): string {
    return join(contentFolder(this.dir, name), name);
  }

  /** Free bytes of its disk. */
  async getFree(): Promise<number> {
    try {
      return await getFreeBytes(this.dir);
    } catch (error) {
      if (fsErrorCode(error) !== 'ENOENT') throw error;
      await makeFolders(this.dir);
      this.isDoubtful = true;
      return getFreeBytes(this.dir);
    }
  }

  /** Answers the size of the file. What could not be written wholly is deleted. */
  async writeBlock(name: string, body: Buffer): Promise<number> {
    const target = this.pathOf(name);
    try {
      return await writeBlockFile(target, body);
    } catch (error) {
      if (fsErrorCode(error) !== 'ENOENT') {
        await unlink(target).catch(() => undefined);
        throw error;
      }
      await this.makeFolder(name);
      return writeBlockFile(target, body);
    }
  }

  /** Makes the folder of a file. */
  async makeFolder(name: string): Promise<void> {
    const folder = contentFolder(this.dir, name);
    const made = await makeFolders(folder);
    // The cache's own folder was gone too.
    if (made !== undefined && made !== folder) this.isDoubtful = true;
  }

  /** Takes a file over as `name`, by rename(2) where both are on one disk; `makeRoom` is asked before it is copied. */
  async take(file: string, name: string, makeRoom: () => Promise<boolean>): Promise<void> {
    const target = this.pathOf(name);
    try {
      await rename(file, target);
    } catch (error) {
      if (fsErrorCode(error) !== 'EXDEV') throw error;
      if (!(await makeRoom())) throw error;
      await copyFile(file, `${target}.tmp`);
      await rename(`${target}.tmp`, target);
      await unlink(file);
    }
  }

  /** Deletes a file, beside everything else. */
  discard(name: string): void {
    const gone = unlink(this.pathOf(name)).catch((error) => {
      if (fsErrorCode(error) !== 'ENOENT') this.#log.warn('cache file could not be deleted', { name, error });
    });
    this.#unlinking.add(gone);
    void gone.finally(() => this.#unlinking.delete(gone));
  }

  /** Resolves when what was discarded is gone. */
  async discarded(): Promise<void> {
    await Promise.all(this.#unlinking);
  }

  async isGone(name: string): Promise<boolean> {
    return (await lstat(this.pathOf(name)).catch(fsErrorCode)) === 'ENOENT';
  }
}
