import type { Context } from './context.ts';
import type { Container, DeviceNode, FolderNode, MountPointNode, Node } from './model.ts';
import { accountUsage, deviceSize, mountPointSize, newestUpload, quotaFull } from './sizes.ts';
import { absoluteParentOf, childrenOf, parentPathOf } from './tree.ts';
import { listedFile, sharing } from './xmlFile.ts';
import { deletedAttribute, escapeAttribute, escapeText, preserved, prolog, rootAttributes, timeOf } from './xmlText.ts';

/** The documents of PROTOCOL.md §2.5. Every root carries `time` and `host`. */

export function userXml(context: Context): string {
  const { account } = context;
  const devices = Array.from(account.devices.values(), (device) => `<device>${deviceInside(context, device)}</device>`);
  return (
    `${prolog}<user${rootAttributes(context)}><username>${escapeText(account.user)}</username>` +
    `<account-type>unlimited</account-type><locked>${account.writeLocked && account.readLocked}</locked>` +
    `<capacity>${account.capacity}</capacity><max-devices>-1</max-devices><max-mobile-devices>-1</max-mobile-devices>` +
    `<usage>${accountUsage(account)}</usage><read-locked>${account.readLocked}</read-locked>` +
    `<write-locked>${account.writeLocked}</write-locked><quota-write-locked>${quotaFull(account)}</quota-write-locked>` +
    `<enable-sync>true</enable-sync><enable-foldershare>true</enable-foldershare>` +
    `<devices>${devices.join('')}</devices></user>`
  );
}

function deviceInside(context: Context, device: DeviceNode): string {
  device.stamp.shown = true;
  return (
    `${preserved('name', device.name)}${preserved('display_name', device.displayName)}<type>${device.type}</type>` +
    `<sid>${device.sid}</sid><size>${deviceSize(device)}</size>` +
    `<modified>${timeOf(context, device.stamp.modified)}</modified>`
  );
}

export function deviceXml(context: Context, device: DeviceNode): string {
  const { account, quirks } = context;
  const hidden = quirks.viewsOnDevice === 'all' ? [] : ['Trash', 'Links'];
  const mountPoints = [...device.mountPoints.values()].filter(({ view }) => !hidden.includes(view ?? ''));
  const listed = mountPoints.map((mountPoint) => {
    const gone =
      mountPoint.deleted === undefined
        ? ''
        : `<deleted>${timeOf(context, mountPoint.deleted)}</deleted>${preserved('abspath', parentPathOf(account, mountPoint))}`;
    const size = mountPoint.view === undefined ? mountPointSize(mountPoint) : 0;
    return (
      `<mountPoint>${preserved('name', mountPoint.name)}${gone}<size>${size}</size>` +
      `<modified>${modifiedOf(context, mountPoint)}</modified></mountPoint>`
    );
  });
  const count = mountPoints.length;
  return (
    `${deviceHead(context, device)}${count ? `<mountPoints>${listed.join('')}</mountPoints>` : ''}` +
    `<metadata first="" max="" total="${count}" num_mountpoints="${count}"/></device>`
  );
}

/** The answer to the creation of a device or the end of one of its mountpoints: no mountpoints, no metadata (§2.3). */
export function bareDeviceXml(context: Context, device: DeviceNode): string {
  return `${deviceHead(context, device)}</device>`;
}

function deviceHead(context: Context, device: DeviceNode): string {
  const user = escapeText(context.account.user);
  return `${prolog}<device${rootAttributes(context)}>${deviceInside(context, device)}<user>${user}</user>`;
}

/** Empty for views and for mountpoints that hold nothing. */
function modifiedOf(context: Context, mountPoint: MountPointNode): string {
  if (mountPoint.view !== undefined) return '';
  if (context.quirks.deviceModified === 'newest-file') {
    const newest = newestUpload(mountPoint);
    return newest === undefined ? '' : timeOf(context, newest);
  }
  if (mountPoint.live.size + mountPoint.trashed.size === 0) return '';
  mountPoint.stamp.shown = true;
  return timeOf(context, mountPoint.stamp.modified);
}

/** A mountpoint or folder with its children, trashed and unfinished ones included; `inTrash` as for fileXml. */
export function listingXml(context: Context, container: Container, inTrash?: string): string {
  const hidden = container.deleted !== undefined && context.quirks.trashedChildren === 'hidden';
  const children = listed(context, hidden ? [] : childrenOf(container));
  return container.kind === 'mountPoint'
    ? mountPointXml(context, container, children)
    : `${folderHead(context, container, inTrash)}${children}</folder>`;
}

/** The answer to mkDir and to the creation of a mountpoint: no children, no metadata (§2.3). */
export function bareXml(context: Context, container: Container): string {
  return container.kind === 'mountPoint'
    ? mountPointXml(context, container, '')
    : `${folderHead(context, container)}</folder>`;
}

export function mountPointXml(context: Context, mountPoint: MountPointNode, inside: string): string {
  const parent = parentPathOf(context.account, mountPoint);
  const gone = mountPoint.deleted === undefined ? '' : `<deleted>${timeOf(context, mountPoint.deleted)}</deleted>`;
  // Empty elements instead of zero, as captured for the view Trash (§2.5).
  const size = mountPoint.view === undefined ? mountPointSize(mountPoint) : '';
  return (
    `${prolog}<mountPoint${rootAttributes(context)}>${preserved('name', mountPoint.name)}${gone}` +
    `${preserved('path', parent)}${preserved('abspath', parent)}<size>${size}</size>` +
    `<modified>${modifiedOf(context, mountPoint)}</modified><device>${escapeText(mountPoint.device.name)}</device>` +
    `<user>${escapeText(context.account.user)}</user>${inside}</mountPoint>`
  );
}

function folderHead(context: Context, folder: FolderNode, inTrash?: string): string {
  const parent = parentPathOf(context.account, folder);
  const attributes = deletedAttribute(context, folder.deleted) + (inTrash === undefined ? '' : ' contextType="TRASH"');
  return (
    `${prolog}<folder name="${escapeAttribute(folder.name)}"${attributes}${rootAttributes(context)}>` +
    `${preserved('path', inTrash ?? parent)}${preserved('abspath', absoluteParentOf(context, folder))}${sharing(folder)}`
  );
}

/** The children of a listing and their counts; every trashed one with its place, `contextType` if given. */
export function listed(context: Context, nodes: Iterable<Node>, contextType?: string): string {
  const folders: string[] = [];
  const files: string[] = [];
  for (const node of nodes) {
    const attributes =
      deletedAttribute(context, node.deleted) + (contextType === undefined ? '' : ` contextType="${contextType}"`);
    const abspath = node.deleted === undefined ? '' : preserved('abspath', parentPathOf(context.account, node));
    if (node.kind === 'file') files.push(listedFile(context, node, attributes, abspath));
    else folders.push(listedFolder(node.name, attributes, abspath));
  }
  return listedParts(folders, files);
}

export function listedFolder(name: string, attributes: string, abspath: string): string {
  const open = `<folder name="${escapeAttribute(name)}"${attributes}`;
  return abspath ? `${open}>${abspath}</folder>` : `${open}/>`;
}

/** Empty containers are left out; the counts never are (§2.5). */
export function listedParts(folders: string[], files: string[]): string {
  return (
    (folders.length ? `<folders>${folders.join('')}</folders>` : '') +
    (files.length ? `<files>${files.join('')}</files>` : '') +
    `<metadata first="" max="" total="${folders.length + files.length}" num_folders="${folders.length}" num_files="${files.length}"/>`
  );
}
