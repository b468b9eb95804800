import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fsErrorCode } from './errno.ts';

/*
 * Level by level: Node's `mkdir` with `recursive` never returns, and takes a processor, where the system answers ENOENT to
 * whatever is to be made in a folder that is there, as below /proc.
 */

/**
 * Makes a folder, and those above it that are missing. Answers the topmost that it made; undefined when something of that name
 * was there, whatever it is. Rejects as the disk does.
 */
export async function makeFolders(path: string, mode = 0o700): Promise<string | undefined> {
  try {
    return await makeFolder(path, mode);
  } catch (error) {
    const above = dirname(path);
    if (fsErrorCode(error) !== 'ENOENT' || above === path || (await isThere(above))) throw error;
    const topmost = await makeFolders(above, mode);
    const made = await makeFolder(path, mode);
    return topmost ?? made;
  }
}

async function makeFolder(path: string, mode: number): Promise<string | undefined> {
  try {
    await mkdir(path, { mode });
    return path;
  } catch (error) {
    if (fsErrorCode(error) !== 'EEXIST') throw error;
    return undefined;
  }
}

/** Links are followed. What cannot be looked at counts as missing. */
export function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** As `makeFolders`, answering nothing. Throws as the disk does. */
export function makeFoldersSync(path: string, mode = 0o700): void {
  try {
    makeFolderSync(path, mode);
  } catch (error) {
    const above = dirname(path);
    const isMissing = () => statSync(above, { throwIfNoEntry: false }) === undefined;
    if (fsErrorCode(error) !== 'ENOENT' || above === path || !isMissing()) throw error;
    makeFoldersSync(above, mode);
    makeFolderSync(path, mode);
  }
}

function makeFolderSync(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (fsErrorCode(error) !== 'EEXIST') throw error;
  }
}
