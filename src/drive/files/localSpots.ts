import { randomUUID } from 'node:crypto';
import { link, lstat, mkdir, open, rename, symlink, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fsErrorCode } from '../../base/errno.ts';
import { DriveError } from '../../protocol/errors.ts';
import type { Collision } from '../../protocol/fileMessages.ts';
import { toDriveErrorData } from '../windows/rpcErrors.ts';
import { resolveName } from './collision.ts';

/**
 * Where something downloaded goes. What was there, or came there while bytes were on their way, is touched only where it was asked
 * to give way.
 */
export interface LocalSpot {
  readonly folder: string;
  /** Its name there, unless that is taken and both are to be kept. */
  readonly name: string;
  /** Makes it by `make`, which rejects EEXIST where something is. Answers its path. */
  place(make: (path: string) => Promise<void>): Promise<string>;
}

/** `onPlaced` is told the name that it got. */
export function spotIn(
  folder: string,
  name: string,
  collision: Collision,
  onPlaced: (name: string) => void = () => {},
): LocalSpot {
  const place: LocalSpot['place'] = async (make) => {
    const met = new Set<string>();
    const isTaken = async (candidate: string) => met.has(candidate) || (await exists(join(folder, candidate)));
    for (;;) {
      const free = await resolveName(name, collision, isTaken, join(folder, name));
      const path = join(folder, free);
      try {
        await make(path);
        onPlaced(free);
        return path;
      } catch (error) {
        if (collision !== 'keepBoth' || fsErrorCode(error) !== 'EEXIST') throw error;
        met.add(free);
      }
    }
  };
  return { folder, name, place };
}

/** A path that nobody else has, for what is not whole yet: what lies in the folder is the user's own. */
export function newPartial(folder: string): string {
  return join(folder, `.${randomUUID()}.part`);
}

/** A failure names the file that a person knows, never the partial one. */
export function tellSpot(error: unknown, partial: string, { folder, name }: LocalSpot): unknown {
  const { code, args } = toDriveErrorData(error);
  if (args.path !== partial) return error;
  return new DriveError(code, { ...args, path: join(folder, name) }, { cause: error });
}

/** With `replaces` a folder that is there is used; a link to one is not followed: it may lead anywhere. `path`: in the account. */
export async function makeFolder(at: string, path: string, replaces: boolean): Promise<void> {
  try {
    await mkdir(at);
  } catch (error) {
    if (!replaces || fsErrorCode(error) !== 'EEXIST') throw error;
    if (!(await lstat(at)).isDirectory()) throw new DriveError('alreadyExists', { path }, { cause: error });
  }
}

export async function makeLink(to: string, at: string, replaces: boolean): Promise<void> {
  if (!replaces) return symlink(to, at);
  const partial = newPartial(dirname(at));
  await symlink(to, partial);
  await moveOver(partial, at);
}

/** Gives a whole file its name. */
export async function putInPlace(partial: string, at: string, replaces: boolean): Promise<void> {
  if (replaces) return rename(partial, at);
  try {
    await link(partial, at);
  } catch (error) {
    if (fsErrorCode(error) === 'EEXIST') throw error;
    // Not every disk can give a file a second name. The name is taken first.
    await (await open(at, 'wx')).close();
    return moveOver(partial, at);
  }
  await unlink(partial);
}

async function moveOver(partial: string, at: string): Promise<void> {
  try {
    await rename(partial, at);
  } catch (error) {
    await unlink(partial).catch(() => undefined);
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (fsErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
