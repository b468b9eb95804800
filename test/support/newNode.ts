import type { Ino } from '../../src/store/nodeRow.ts';
import type { NewNode } from '../../src/store/nodes.ts';

/** A file of 3 bytes that was made here and that the server does not have, unless `change` says otherwise. */
export function newNode(parent: Ino, name: string, change: Partial<NewNode> = {}): NewNode {
  return {
    kind: 'file',
    parent,
    name,
    size: 3,
    mtime: { sec: 5, nsec: 0 },
    ctimeMs: 0,
    mode: 0o644,
    md5: `md5 of ${name}`,
    localOnly: false,
    synced: null,
    ...change,
  };
}

/** A file or folder that the server has as it is here, revision 1. */
export function knownNode(kind: 'file' | 'folder', parent: Ino, name: string, md5 = `md5 of ${name}`): NewNode {
  const content = kind === 'file' ? md5 : null;
  const synced = { parent, name, wire: name, md5: content, size: 3, mtime: 5, revision: 1, uuid: null };
  return newNode(parent, name, { kind, md5: content, synced });
}
