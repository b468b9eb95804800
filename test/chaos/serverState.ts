import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Emulator } from '../emulator/emulator.ts';
import type { Revision } from '../emulator/model.ts';

/** One finished revision of a file below the mountpoint, current or older, live or in the trash. */
export interface StoredRevision {
  /** Below the mountpoint; of something in the trash, where it was. */
  readonly path: string;
  readonly md5: string;
  readonly isLive: boolean;
}

/** All the server has below `/Jotta/Archive`. */
export interface ServerState {
  readonly folders: ReadonlySet<string>;
  readonly files: ReadonlyMap<string, { readonly md5: string; readonly size: number; readonly mtimeSec: number }>;
  readonly revisions: readonly StoredRevision[];
  /** Live files with an upload that was begun and never finished. */
  readonly unfinished: readonly { readonly path: string; readonly uuid: string }[];
}

interface SavedNode {
  readonly kind: 'file' | 'folder';
  readonly name: string;
  readonly uuid: string;
  readonly deleted?: number;
  readonly current?: Revision;
  readonly latest?: Revision;
  readonly older?: readonly Revision[];
  readonly children?: readonly SavedNode[];
}
interface SavedAccount {
  readonly account: {
    readonly devices: readonly {
      readonly name: string;
      readonly mountPoints: readonly { readonly name: string; readonly children: readonly SavedNode[] }[];
    }[];
  };
}

const marker = '/Laptop/Documents/chaos-marker';

/** Reads what the emulator keeps on disk: the trash and older revisions are in no listing. */
export async function loadServerState(emulator: Emulator, stateDir: string): Promise<ServerState> {
  // A change of ours that is on disk tells that everything before it is too.
  const mark = crypto.randomUUID();
  await emulator.put(marker, mark);
  const wanted = emulator.tree().find(({ path }) => path === marker)?.md5;
  for (;;) {
    const saved = JSON.parse(await readFile(join(stateDir, 'account.json'), 'utf8').catch(() => 'null'));
    const documents = findMountPoint(saved, 'Laptop', 'Documents');
    if (documents.some(({ name, current }) => name === 'chaos-marker' && current?.md5 === wanted)) {
      return collect(findMountPoint(saved, 'Jotta', 'Archive'));
    }
    await delay(50);
  }
}

function findMountPoint(saved: SavedAccount | null, device: string, mountPoint: string): readonly SavedNode[] {
  const devices = saved?.account.devices ?? [];
  const found = devices.find(({ name }) => name === device)?.mountPoints.find(({ name }) => name === mountPoint);
  return found?.children ?? [];
}

function collect(nodes: readonly SavedNode[]): ServerState {
  const folders = new Set<string>();
  const files = new Map<string, { md5: string; size: number; mtimeSec: number }>();
  const revisions: StoredRevision[] = [];
  const unfinished: { path: string; uuid: string }[] = [];
  const visit = (children: readonly SavedNode[], above: string) => {
    for (const node of children) {
      const path = above === '' ? node.name : `${above}/${node.name}`;
      const isLive = node.deleted === undefined;
      if (node.kind === 'folder') {
        if (isLive) folders.add(path);
        visit(node.children ?? [], path);
        continue;
      }
      if (isLive && node.latest !== undefined) unfinished.push({ path, uuid: node.uuid });
      for (const revision of [node.current, ...(node.older ?? [])]) {
        // One that was announced and superseded before its bytes came holds nothing.
        if (revision?.state === 'COMPLETED') revisions.push({ path, md5: revision.md5.toLowerCase(), isLive });
      }
      if (!isLive || node.current === undefined) continue;
      const { md5, size, modified } = node.current;
      files.set(path, { md5: md5.toLowerCase(), size, mtimeSec: Math.floor(modified / 1000) });
    }
  };
  visit(nodes, '');
  return { folders, files, revisions, unfinished };
}
