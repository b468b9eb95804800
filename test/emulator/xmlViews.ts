import type { Context } from './context.ts';
import type { Container, FileNode, MountPointNode } from './model.ts';
import { trashedMountPoints, trashTops } from './trash.ts';
import { childrenOf, descendants, mountPointsOf, parentPathOf, pathOf } from './tree.ts';
import { listedFolder, listedParts, mountPointXml } from './xml.ts';
import { listedFile } from './xmlFile.ts';
import { deletedAttribute, escapeAttribute, preserved, prolog, rootAttributes } from './xmlText.ts';

/** `/user/Jotta/Trash`: what was put into the trash itself, not what lies below it (PROTOCOL.md §2.5). */
export function trashXml(context: Context, view: MountPointNode): string {
  const folders: string[] = [];
  const files: string[] = [];
  const trash = (deleted: number | undefined) => `${deletedAttribute(context, deleted)} contextType="TRASH"`;
  const place = (node: Container | FileNode) => preserved('abspath', parentPathOf(context.account, node));
  for (const mountPoint of trashedMountPoints(context.account)) {
    folders.push(listedFolder(mountPoint.name, trash(mountPoint.deleted), place(mountPoint)));
  }
  for (const node of trashTops(context.account)) {
    if (node.kind === 'file') files.push(listedFile(context, node, trash(node.deleted), place(node)));
    else folders.push(listedFolder(node.name, trash(node.deleted), place(node)));
  }
  return mountPointXml(context, view, listedParts(folders, files));
}

/** Latest and Links: `<searchresult>` of files anywhere on the account; Links holds trashed ones too (§2.5). */
export function searchXml(context: Context, view: 'Latest' | 'Links', max: number): string {
  const { account } = context;
  const files: FileNode[] = [];
  for (const mountPoint of mountPointsOf(account)) {
    for (const node of descendants(mountPoint)) {
      if (node.kind !== 'file') continue;
      if (view === 'Links' ? node.publicUri : node.current && node.deleted === undefined) files.push(node);
    }
  }
  if (view === 'Latest') files.sort((a, b) => (b.current?.updated ?? 0) - (a.current?.updated ?? 0));
  const items = files.slice(0, max).map((file) => {
    const parent = parentPathOf(account, file);
    const places = preserved('path', parent) + preserved('abspath', parent);
    return listedFile(context, file, deletedAttribute(context, file.deleted), places);
  });
  const inside = items.length ? `<files>${items.join('')}</files>` : '';
  return `${prolog}<searchresult${rootAttributes(context)}>${inside}</searchresult>`;
}

/** `mode=list`: every folder below and including this one, flat, deleted and unfinished items included (§2.2, §2.5). */
export function flatXml(context: Context, top: Container): string {
  const { account } = context;
  const folders = [top, ...descendants(top)].filter((node) => node.kind !== 'file');
  const items = folders.map((folder) => {
    const parent = parentPathOf(account, folder);
    const files = [...childrenOf(folder)].filter((node) => node.kind === 'file');
    const inside = files.map((file) => {
      const place = file.deleted === undefined ? '' : preserved('abspath', pathOf(account, folder));
      return listedFile(context, file, deletedAttribute(context, file.deleted), place);
    });
    return (
      `<folder name="${escapeAttribute(folder.name)}"${deletedAttribute(context, folder.deleted)}>` +
      `${preserved('path', parent)}${preserved('abspath', parent)}` +
      `${inside.length ? `<files>${inside.join('')}</files>` : ''}</folder>`
    );
  });
  return `${prolog}<filedirlist${rootAttributes(context)}><folders>${items.join('')}</folders></filedirlist>`;
}
