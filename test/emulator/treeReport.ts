import type { Account, Container } from './model.ts';

/** A live item below a mountpoint; for folders md5, mtime and revision are null and size is 0. */
export interface TreeItem {
  /** `/device/mountpoint/…`. */
  path: string;
  kind: 'file' | 'folder';
  /** Bytes. */
  size: number;
  /** Lower-case hex. */
  md5: string | null;
  /** Milliseconds since 1970. */
  mtime: number | null;
  revision: number | null;
}

export function listTree(account: Account): TreeItem[] {
  const items: TreeItem[] = [];
  for (const device of account.devices.values()) {
    for (const mountPoint of device.mountPoints.values()) {
      if (mountPoint.deleted === undefined) collect(mountPoint, `/${device.name}/${mountPoint.name}`, items);
    }
  }
  return items;
}

function collect(container: Container, path: string, items: TreeItem[]): void {
  for (const node of container.live.values()) {
    const at = `${path}/${node.name}`;
    if (node.kind === 'folder') {
      items.push({ path: at, kind: 'folder', size: 0, md5: null, mtime: null, revision: null });
      collect(node, at, items);
    } else if (node.current) {
      const { size, md5, modified, number } = node.current;
      items.push({ path: at, kind: 'file', size, md5: md5.toLowerCase(), mtime: modified, revision: number });
    }
  }
}
