import assert from 'node:assert/strict';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { md5 } from '../../support/md5.ts';
import type { World } from '../support.ts';

const archive = '/Jotta/Archive/';
/** From the last change to the server having all of it, on a busy machine. */
const syncMs = 45_000;

/** Names that stay on this computer (SEMANTICS.md, Local only). */
const localOnly = new RegExp(
  [
    ...[
      '\\.DS_Store',
      '\\.\\.DS_Store.*',
      '\\._.*',
      '\\.Spotlight-V100',
      '\\.Trashes',
      '\\.fseventsd',
      '\\.TemporaryItems',
    ],
    ...['\\.apdisk', 'Icon\\r', '\\.~lock\\..*#', '~\\$.*'],
  ]
    .map((name) => `^${name}$`)
    .join('|'),
);

/** Relative path → md5 of a file, `folder`; a symbolic link as the file rclone keeps for it. What stays local is left out. */
export async function digestVolume(dir: string, below = ''): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const entry of await readdir(join(dir, below), { withFileTypes: true })) {
    if (localOnly.test(entry.name)) continue;
    const path = join(below, entry.name);
    if (entry.isDirectory()) {
      digests.set(path, 'folder');
      for (const [inner, digest] of await digestVolume(dir, path)) digests.set(inner, digest);
    } else if (entry.isSymbolicLink()) {
      digests.set(`${path}.rclonelink`, md5(await readlink(join(dir, path))));
    } else {
      digests.set(path, md5(await readFile(join(dir, path))));
    }
  }
  return digests;
}

/** Waits until the server's files and folders are exactly the expected ones. */
export async function untilSame({ emulator }: World, expected: ReadonlyMap<string, string>): Promise<void> {
  const end = performance.now() + syncMs;
  for (;;) {
    const items = emulator.tree().filter(({ path }) => path.startsWith(archive));
    const actual = new Map(items.map(({ path, md5: digest }) => [path.slice(archive.length), digest ?? 'folder']));
    const equal = actual.size === expected.size && [...expected].every(([path, digest]) => actual.get(path) === digest);
    if (equal) return;
    if (performance.now() > end) assert.deepEqual(sorted(actual), sorted(expected));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** A second client, stock rclone, sees the expected files. */
export async function assertRcloneSees(world: World, expected: ReadonlyMap<string, string>): Promise<void> {
  const answer = await world.rclone('md5sum', 'remote:');
  const lines = answer.split('\n').filter((line) => line !== '');
  const seen = new Map(lines.map((line) => [line.slice(34), line.slice(0, 32)]));
  assert.deepEqual(sorted(seen), sorted(new Map([...expected].filter(([, digest]) => digest !== 'folder'))));
}

function sorted(map: ReadonlyMap<string, string>): [string, string][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
