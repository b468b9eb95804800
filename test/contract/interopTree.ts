import type { TestContext } from 'node:test';
import type { JottacloudClient } from '../../src/jottacloud/client.ts';
import { decodeName, encodeName } from '../../src/jottacloud/names.ts';
import type { JottaPath } from '../../src/jottacloud/types.ts';
import { atEnd } from '../support/emulation.ts';
import { oddNames } from '../support/oddNames.ts';
import { read, store } from './client/acts.ts';
import { connectTo, exchangeAt } from './client/emulatorWorld.ts';
import type { ContractWorld } from './client/world.ts';
import { type RcloneWorld, rcloneWorld } from './rcloneWorld.ts';

/** Our client and a stock rclone on one account. */
export interface InteropWorld extends RcloneWorld {
  ours: ContractWorld;
}

export async function interopWorld(test: TestContext, options: Parameters<typeof rcloneWorld>[1] = {}) {
  const world = await rcloneWorld(test, options);
  const client = connectTo(world.emulator, await exchangeAt(world.emulator));
  atEnd(test, async () => client.close());
  const ours: ContractWorld = { client, folder: ['Jotta', 'Archive'], signal: test.signal };
  return { ...world, ours };
}

/**
 * Content by local path: a file of every odd name, one in a folder of every odd name, and a few below chains of such folders. Every
 * content is its own, so that each has to be sent.
 */
export function oddTree(names: readonly string[] = oddNames): Map<string, string> {
  const paths = names.flatMap((name) => [name, `folders/${name}/${name}`]);
  for (let at = 0; at + 4 <= names.length; at += 4) paths.push(`nested/${names.slice(at, at + 4).join('/')}/file`);
  return new Map(paths.map((path) => [path, `content of ${path}`]));
}

/** Brings a tree of local paths up as the drive does: folders first, each name in its wire spelling. */
export async function upload(ours: ContractWorld, top: string, tree: ReadonlyMap<string, string>): Promise<void> {
  const made = new Set<string>();
  for (const [path, content] of tree) {
    const names = [top, ...path.split('/')].map(encodeName);
    for (let depth = 1; depth < names.length; depth += 1) {
      const folder = names.slice(0, depth);
      const key = folder.join('/');
      if (!made.has(key)) await ours.client.createFolder([...ours.folder, ...folder], ours.signal);
      made.add(key);
    }
    await store(ours, [...ours.folder, ...names], Buffer.from(content));
  }
}

/** Lists a tree folder by folder and reads every file: content by local path. */
export async function download(ours: ContractWorld, top: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const { path, wire } of walk(ours, [...ours.folder, top])) {
    files.set(path.join('/'), (await read(ours, wire)).toString());
  }
  return files;
}

async function* walk(
  ours: ContractWorld,
  wire: JottaPath,
  path: readonly string[] = [],
): AsyncGenerator<{ path: readonly string[]; wire: JottaPath }> {
  for (const entry of await ours.client.fetchFolder(wire, ours.signal)) {
    const at = { path: [...path, decodeName(entry.name)], wire: [...wire, entry.name] };
    if (entry.kind === 'file') yield at;
    else yield* walk(ours, at.wire, at.path);
  }
}

/** md5 by local path, from one streamed listing. */
export async function streamed(client: JottacloudClient, top: JottaPath, signal: AbortSignal) {
  const files = new Map<string, string>();
  for await (const entry of client.liststream(top, signal)) {
    // Paths start at the mountpoint, one below the device.
    if (entry.kind === 'file')
      files.set(
        entry.path
          .slice(top.length - 1)
          .map(decodeName)
          .join('/'),
        entry.md5,
      );
  }
  return files;
}

export function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}
