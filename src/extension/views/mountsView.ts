import path from 'node:path';
import * as vscode from 'vscode';
import type { MountStatus, VolumeKind } from '../../protocol/state.ts';
import type { DriveClient } from '../drive/client.ts';
import { contractHome, getAllProfiles, getMountProfiles, toMountParams } from '../settings.ts';
import { inert } from '../ui/inert.ts';
import { toInertRow } from '../ui/rows.ts';

/** A mount, or a remembered profile that is not mounted. */
export interface MountRow {
  readonly mountPoint: string;
  readonly source: string;
  readonly readOnly: boolean;
  readonly status: MountStatus | 'unmounted';
  readonly kind: VolumeKind | undefined;
  /** undefined: no profile, so nothing is remembered about it. */
  readonly onStartup: boolean | undefined;
}

const icons: Record<MountRow['status'], string> = {
  mounting: 'loading~spin',
  mounted: 'folder-active',
  unmounting: 'loading~spin',
  failed: 'error',
  unmounted: 'folder',
};

export function createMountsView(client: DriveClient): vscode.Disposable {
  const emitter = new vscode.EventEmitter<MountRow[] | undefined>();
  // VS Code knows a row by its object. What it has to ask for anew cannot be clicked meanwhile, so that rows are changed in place.
  let rows = getRows(client);
  const update = () => {
    const next = getRows(client);
    const isSameList = next.length === rows.length && next.every((row, at) => row.mountPoint === rows[at]?.mountPoint);
    if (!isSameList) {
      rows = next;
      emitter.fire(undefined);
      return;
    }
    const changed = rows.filter((row, at) => JSON.stringify(row) !== JSON.stringify(next[at]));
    rows.forEach((row, at) => {
      Object.assign(row, next[at]);
    });
    if (changed.length > 0) emitter.fire(changed);
  };
  const view = vscode.window.createTreeView<MountRow>('jottacloud.mounts', {
    treeDataProvider: {
      onDidChangeTreeData: emitter.event,
      getTreeItem: (row) => toInertRow(toMountItem(row)),
      getChildren: (row) => (row === undefined ? rows : []),
    },
  });
  return vscode.Disposable.from(
    emitter,
    view,
    client.onDidChangeState(update),
    vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration('jottacloud') && update()),
  );
}

/** A row keeps its place whatever becomes of its mount: what is about to be clicked does not move. */
function getRows(client: DriveClient): MountRow[] {
  const { mounts, account } = client.state;
  // Where nothing was ever mounted but by default, the welcome view says more than a row would.
  const showsUnmounted = account !== null && (mounts.length > 0 || getMountProfiles().length > 0);
  const ofProfiles = getAllProfiles().map((profile): MountRow => {
    const params = { ...toMountParams(profile), onStartup: profile.onStartup };
    const mount = mounts.find(({ mountPoint }) => mountPoint === params.mountPoint);
    if (mount === undefined) return { ...params, status: 'unmounted', kind: undefined };
    const { source, readOnly, status, kind } = mount;
    return { ...params, source, readOnly, status, kind };
  });
  const others = mounts.filter(({ mountPoint }) => !ofProfiles.some((row) => row.mountPoint === mountPoint));
  return [
    ...ofProfiles.filter(({ status }) => showsUnmounted || status !== 'unmounted'),
    ...others.map(({ mountPoint, source, readOnly, status, kind }) => {
      return { mountPoint, source, readOnly, status, kind, onStartup: undefined };
    }),
  ];
}

function toMountItem(row: MountRow): vscode.TreeItem {
  // The side bar is narrow: what it is and how it is, then where.
  const item = new vscode.TreeItem(path.basename(row.mountPoint));
  item.id = `mount:${row.mountPoint}`;
  // As the menus of the manifest match it: what it is, then what can be remembered about it.
  const remembered = row.onStartup === undefined ? 'unknown' : row.onStartup ? 'onStartup' : 'manual';
  item.contextValue = `mount.${row.status}.${remembered}`;
  item.iconPath = new vscode.ThemeIcon(icons[row.status]);
  const source = row.source === '/' ? vscode.l10n.t('whole account') : row.source;
  const parts = [getStatusText(row), source];
  if (row.readOnly) parts.push(vscode.l10n.t('read-only'));
  if (row.onStartup) parts.push(vscode.l10n.t('on startup'));
  item.description = parts.join(' · ');
  item.tooltip = `${inert(contractHome(row.mountPoint))}\n${inert(item.description)}`;
  item.accessibilityInformation = { label: `${item.label}, ${item.description}, ${contractHome(row.mountPoint)}` };
  return item;
}

/** `platform` is that of the drive, which runs where the extension does. */
export function getStatusText(
  { status, kind }: Pick<MountRow, 'status' | 'kind'>,
  platform: NodeJS.Platform = process.platform,
): string {
  switch (status) {
    case 'mounting':
      return vscode.l10n.t('mounting');
    case 'mounted':
      if (kind !== 'nfs') return vscode.l10n.t('mounted');
      return platform === 'darwin' ? vscode.l10n.t('mounted without macFUSE') : vscode.l10n.t('mounted by NFS');
    case 'unmounting':
      return vscode.l10n.t('unmounting');
    case 'failed':
      return vscode.l10n.t('failed');
    case 'unmounted':
      return vscode.l10n.t('not mounted');
  }
}
