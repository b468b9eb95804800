import type { Account, Container, DeviceNode, FolderNode, MountPointNode, Node } from './model.ts';
import { accountUsage, deviceSize, mountPointSize } from './sizes.ts';
import { jfsTime } from './times.ts';
import { childrenOf, descendants, mountPointsOf, parentPathOf, pathOf } from './tree.ts';
import { listedFile } from './xmlFile.ts';
import { deletedAttribute, escapeAttribute, escapeText, preserved, prolog, rootAttributes } from './xmlText.ts';

/** The documents of jottacloud-protocol.md §2.5. Every root carries `time` and `host`. */

export function userXml(account: Account): string {
  const usage = accountUsage(account);
  const full = account.capacity >= 0 && usage >= account.capacity;
  const devices = [...account.devices.values()].map((device) => `<device>${deviceInside(device)}</device>`).join('');
  return (
    `${prolog}<user${rootAttributes()}><username>${escapeText(account.user)}</username>` +
    `<account-type>unlimited</account-type><locked>false</locked><capacity>${account.capacity}</capacity>` +
    `<max-devices>-1</max-devices><max-mobile-devices>-1</max-mobile-devices><usage>${usage}</usage>` +
    `<read-locked>false</read-locked><write-locked>${account.writeLocked}</write-locked>` +
    `<quota-write-locked>${full}</quota-write-locked><enable-sync>true</enable-sync>` +
    `<enable-foldershare>true</enable-foldershare><devices>${devices}</devices></user>`
  );
}

function deviceInside(device: DeviceNode): string {
  device.stamp.shown = true;
  return (
    `${preserved('name', device.name)}${preserved('display_name', device.displayName)}<type>${device.type}</type>` +
    `<sid>${device.sid}</sid><size>${deviceSize(device)}</size><modified>${jfsTime(device.stamp.modified)}</modified>`
  );
}

export function deviceXml(account: Account, device: DeviceNode): string {
  const mountPoints = [...device.mountPoints.values()];
  const listed = mountPoints.map((mountPoint) => {
    const gone =
      mountPoint.deleted === undefined
        ? ''
        : `<deleted>${jfsTime(mountPoint.deleted)}</deleted>${preserved('abspath', parentPathOf(account, mountPoint))}`;
    return `<mountPoint>${preserved('name', mountPoint.name)}${gone}${sizeAndModified(mountPoint)}</mountPoint>`;
  });
  const count = mountPoints.length;
  return (
    `${prolog}<device${rootAttributes()}>${deviceInside(device)}<user>${escapeText(account.user)}</user>` +
    (count ? `<mountPoints>${listed.join('')}</mountPoints>` : '') +
    `<metadata first="" max="" total="${count}" num_mountpoints="${count}"/></device>`
  );
}

function sizeAndModified(mountPoint: MountPointNode): string {
  if (mountPoint.view !== undefined) return '<size>0</size><modified></modified>';
  mountPoint.stamp.shown = true;
  return `<size>${mountPointSize(mountPoint)}</size><modified>${jfsTime(mountPoint.stamp.modified)}</modified>`;
}

/** A mountpoint or folder with its children, trashed and unfinished ones included. */
export function listingXml(account: Account, container: Container): string {
  return container.kind === 'mountPoint'
    ? mountPointXml(account, container, listed(account, childrenOf(container)))
    : `${folderHead(account, container)}${listed(account, childrenOf(container))}</folder>`;
}

/** The answer to mkDir and to the creation of a mountpoint: no children, no metadata (§2.3). */
export function bareXml(account: Account, container: Container): string {
  return container.kind === 'mountPoint'
    ? mountPointXml(account, container, '')
    : `${folderHead(account, container)}</folder>`;
}

function mountPointXml(account: Account, mountPoint: MountPointNode, inside: string): string {
  const parent = parentPathOf(account, mountPoint);
  const gone = mountPoint.deleted === undefined ? '' : `<deleted>${jfsTime(mountPoint.deleted)}</deleted>`;
  return (
    `${prolog}<mountPoint${rootAttributes()}>${preserved('name', mountPoint.name)}${gone}${preserved('path', parent)}` +
    `${preserved('abspath', parent)}${sizeAndModified(mountPoint)}<device>${escapeText(mountPoint.device.name)}</device>` +
    `<user>${escapeText(account.user)}</user>${inside}</mountPoint>`
  );
}

function folderHead(account: Account, folder: FolderNode): string {
  const parent = parentPathOf(account, folder);
  const shared = folder.publicUri;
  return (
    `${prolog}<folder name="${escapeAttribute(folder.name)}"${deletedAttribute(folder.deleted)}${rootAttributes()}>` +
    `${preserved('path', parent)}${preserved('abspath', parent)}` +
    (shared ? `<publicURI>${shared}</publicURI><publicSharePath>/s/${shared}</publicSharePath>` : '')
  );
}

type Placed = { abspath: string; context?: string };

function listed(account: Account, nodes: Iterable<Node>, placed?: (node: Node) => Placed): string {
  const folders: string[] = [];
  const files: string[] = [];
  for (const node of nodes) {
    const place = placed?.(node) ?? (node.deleted === undefined ? undefined : { abspath: parentPathOf(account, node) });
    const attributes = deletedAttribute(node.deleted) + (place?.context ? ` contextType="${place.context}"` : '');
    const abspath = place ? preserved('abspath', place.abspath) : '';
    if (node.kind === 'file') files.push(listedFile(node, attributes, abspath));
    else {
      const open = `<folder name="${escapeAttribute(node.name)}"${attributes}`;
      folders.push(abspath ? `${open}>${abspath}</folder>` : `${open}/>`);
    }
  }
  return (
    (folders.length ? `<folders>${folders.join('')}</folders>` : '') +
    (files.length ? `<files>${files.join('')}</files>` : '') +
    `<metadata first="" max="" total="${folders.length + files.length}" num_folders="${folders.length}" num_files="${files.length}"/>`
  );
}

/** `/user/Jotta/Trash`: what was put into the trash itself, not what lies below it (§2.5). */
export function trashXml(account: Account, view: MountPointNode): string {
  const tops: Node[] = [];
  for (const mountPoint of mountPointsOf(account)) {
    if (mountPoint.deleted !== undefined)
      tops.push({ ...mountPoint, kind: 'folder', parent: mountPoint, publicUri: undefined });
    else for (const node of descendants(mountPoint)) if (isTrashTop(node)) tops.push(node);
  }
  const inside = listed(account, tops, (node) => {
    const ofMountPoint = node.parent.kind === 'mountPoint' && node.parent.deleted !== undefined;
    return {
      abspath: ofMountPoint ? parentPathOf(account, node.parent) : parentPathOf(account, node),
      context: 'TRASH',
    };
  });
  return mountPointXml(account, view, inside);
}

function isTrashTop(node: Node): boolean {
  return node.deleted !== undefined && node.parent.deleted === undefined;
}

/** Latest and Links: `<searchresult>` of files anywhere on the account. */
export function searchXml(account: Account, view: 'Latest' | 'Links', max: number): string {
  const files: (Node & { kind: 'file' })[] = [];
  for (const mountPoint of mountPointsOf(account)) {
    for (const node of descendants(mountPoint)) {
      if (node.kind !== 'file') continue;
      if (view === 'Links' ? node.publicUri : node.current && node.deleted === undefined) files.push(node);
    }
  }
  if (view === 'Latest') files.sort((a, b) => (b.current?.updated ?? 0) - (a.current?.updated ?? 0));
  const items = files.slice(0, max).map((file) => {
    const parent = parentPathOf(account, file);
    return listedFile(file, deletedAttribute(file.deleted), preserved('path', parent) + preserved('abspath', parent));
  });
  return `${prolog}<searchresult${rootAttributes()}>${items.length ? `<files>${items.join('')}</files>` : ''}</searchresult>`;
}

/** `mode=list`: every folder below and including this one, flat, deleted and unfinished items included. */
export function flatXml(account: Account, top: Container): string {
  const folders = [top, ...descendants(top)].filter((node) => node.kind !== 'file');
  const items = folders.map((folder) => {
    const parent = parentPathOf(account, folder);
    const files = [...childrenOf(folder)].filter((node) => node.kind === 'file');
    const inside = files.map((file) =>
      listedFile(file, deletedAttribute(file.deleted), preserved('abspath', pathOf(account, folder))),
    );
    return (
      `<folder name="${escapeAttribute(folder.name)}"${deletedAttribute(folder.deleted)}>${preserved('path', parent)}` +
      `${preserved('abspath', parent)}${inside.length ? `<files>${inside.join('')}</files>` : ''}</folder>`
    );
  });
  return `${prolog}<filedirlist${rootAttributes()}><folders>${items.join('')}</folders></filedirlist>`;
}
