import type { Ino, Synced } from '../../store/nodeRow.ts';
import type { RemoteEntry } from '../tree/remote.ts';

/** What a row of this listed entry keeps as its server side. */
export function toSynced(parent: Ino, entry: RemoteEntry): Synced {
  const file = entry.kind === 'file' ? entry : undefined;
  return {
    parent,
    name: entry.name,
    wire: entry.wire,
    md5: file?.md5 ?? null,
    size: file?.size ?? 0,
    mtime: file?.mtime ?? 0,
    revision: file?.revision ?? null,
    uuid: file?.uuid ?? null,
  };
}
