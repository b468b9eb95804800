import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account, ChangeStamp, Children, Container, DeviceNode, FileNode, Node, ViewName } from './model.ts';
import { foldName } from './model.ts';
import { attach, childrenOf } from './tree.ts';
import type { Upload } from './uploads.ts';

type SavedNode = Omit<FileNode, 'parent'> | SavedFolder;
interface SavedFolder {
  kind: 'folder';
  name: string;
  deleted: number | undefined;
  publicUri: string | undefined;
  children: SavedNode[];
}
interface SavedMountPoint {
  name: string;
  deleted: number | undefined;
  view: ViewName | undefined;
  stamp: ChangeStamp;
  children: SavedNode[];
}
type SavedDevice = Omit<DeviceNode, 'mountPoints' | 'kind'> & { mountPoints: SavedMountPoint[] };
interface Saved {
  version: 1;
  account: Omit<Account, 'devices' | 'kind' | 'usage'> & { devices: SavedDevice[] };
  uploads: Omit<Upload, 'running'>[];
}

export interface KeptState {
  account: Account;
  uploads: Map<string, Upload>;
}

const settleMs = 300;

/** Reads the saved account; undefined when the folder holds none. */
export async function loadAccount(folder: string): Promise<KeptState | undefined> {
  const text = await readFile(join(folder, 'account.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const { account, uploads }: Saved = JSON.parse(text);
  return {
    account: thaw(account),
    uploads: new Map(uploads.map((upload) => [upload.id, { ...upload, running: undefined }])),
  };
}

/** A copy that later changes leave alone. */
export function copyAccount(account: Account): Account {
  return thaw(structuredClone(freeze(account)));
}

function thaw(saved: Saved['account']): Account {
  const account: Account = {
    ...saved,
    readLocked: saved.readLocked === true,
    kind: 'user',
    usage: undefined,
    devices: new Map(),
  };
  for (const savedDevice of saved.devices) {
    const device: DeviceNode = { ...savedDevice, kind: 'device', mountPoints: new Map() };
    account.devices.set(foldName(device.name), device);
    for (const { children, ...rest } of savedDevice.mountPoints) {
      const empty: Children = { live: new Map(), trashed: new Map() };
      const { name, stamp, deleted, view } = rest;
      const mountPoint = { kind: 'mountPoint' as const, name, deleted, view, stamp, device, size: undefined, ...empty };
      device.mountPoints.set(foldName(name), mountPoint);
      revive(children, mountPoint);
    }
  }
  return account;
}

/** Saves some time after each change, never two writes at once; a crash leaves the former file whole. */
export function createSaver(folder: string, state: () => KeptState): { changed(): void; flush(): Promise<void> } {
  const file = join(folder, 'account.json');
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();
  let pauseMs = settleMs;
  const write = async () => {
    const started = performance.now();
    const { account, uploads } = state();
    const saved: Saved = {
      version: 1,
      account: freeze(account),
      uploads: Array.from(uploads.values(), ({ running: _, ...upload }) => upload),
    };
    const text = JSON.stringify(saved);
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
    pauseMs = Math.max(settleMs, 10 * (performance.now() - started));
  };
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    writing = writing.then(write, write);
    return writing;
  };
  return {
    changed() {
      timer ??= setTimeout(() => void flush().catch(() => undefined), pauseMs).unref();
    },
    flush,
  };
}

function revive(saved: SavedNode[], parent: Container): void {
  for (const node of saved) {
    if (node.kind === 'file') {
      const blank = { deleted: undefined, current: undefined, latest: undefined, publicUri: undefined };
      attach({ ...blank, ...node, parent });
    } else {
      const { children, ...rest } = node;
      const blank = { deleted: undefined, publicUri: undefined, live: new Map(), trashed: new Map() };
      const folder: Node = { ...blank, ...rest, parent };
      attach(folder);
      revive(children, folder);
    }
  }
}

function freeze(account: Account): Saved['account'] {
  const { devices, kind: _, usage: __, ...rest } = account;
  return {
    ...rest,
    devices: [...devices.values()].map(({ mountPoints, kind: _kind, ...device }) => ({
      ...device,
      mountPoints: [...mountPoints.values()].map(({ name, deleted, view, stamp, ...children }) => {
        return { name, deleted, view, stamp, children: freezeChildren(children as Container) };
      }),
    })),
  };
}

function freezeChildren(container: Container): SavedNode[] {
  return Array.from(childrenOf(container), (node): SavedNode => {
    if (node.kind === 'file') {
      const { parent: _, ...file } = node;
      return file;
    }
    const { name, deleted, publicUri } = node;
    return { kind: 'folder', name, deleted, publicUri, children: freezeChildren(node) };
  });
}
