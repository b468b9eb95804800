import { lstat, readlink } from 'node:fs/promises';
import { join, parse, resolve, sep } from 'node:path';
import { nameKey } from '../../base/nameKey.ts';
import type { MountState } from '../../protocol/state.ts';
import { joinPath } from './context.ts';

/** A path of this computer, looked at without ever entering a mount of our own (ARCHITECTURE.md, Invariants). */
export type LocalPath =
  | { readonly kind: 'local'; readonly path: string }
  | { readonly kind: 'mounted'; readonly path: string };

/** Links in a row that are followed: as many as the kernel follows. */
const longestChain = 40;

/**
 * Follows every link of an absolute path as far as it exists. One that leads into a mount answers `mounted` with the path
 * in the account. Rejects with ELOOP.
 */
export async function resolveLocal(path: string, mounts: readonly MountState[]): Promise<LocalPath> {
  let { root: at, names: waiting } = split(resolve(path));
  for (let links = 0; links <= longestChain; ) {
    const mounted = toAccountPath(at, mounts);
    if (mounted !== undefined) return { kind: 'mounted', path: waiting.reduce(joinPath, mounted) };
    const [name, ...rest] = waiting;
    if (name === undefined) return { kind: 'local', path: at };
    waiting = rest;
    const next = join(at, name);
    // The mount point itself is not looked at.
    const target = toAccountPath(next, mounts) === undefined ? await tryReadLink(next) : undefined;
    if (target === undefined) at = next;
    else {
      links += 1;
      const { root, names } = split(resolve(at, target));
      waiting = [...names, ...rest];
      at = root;
    }
  }
  throw Object.assign(new Error('too many links'), { code: 'ELOOP' });
}

function split(path: string): { root: string; names: string[] } {
  const { root } = parse(path);
  return { root, names: path.slice(root.length).split(sep).filter(Boolean) };
}

/** The path in the account of a path that is a mount or lies in one; undefined for any other. */
export function toAccountPath(path: string, mounts: readonly MountState[]): string | undefined {
  const names = path.split(sep).filter(Boolean);
  for (const { mountPoint, source } of mounts) {
    const above = mountPoint.split(sep).filter(Boolean);
    const isWithin = above.every((name, index) => fold(name) === fold(names[index] ?? ''));
    if (isWithin) return names.slice(above.length).reduce(joinPath, source);
  }
  return undefined;
}

/** macOS finds a folder, and a mount of ours, by any spelling of its name. */
function fold(name: string): string {
  return process.platform === 'darwin' ? nameKey(name) : name;
}

async function tryReadLink(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined;
  } catch {
    // What does not exist is no link; whoever opens it will say so.
    return undefined;
  }
}
