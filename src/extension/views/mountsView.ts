import path from 'node:path';
import * as vscode from 'vscode';
import type { MountStatus } from '../../protocol/state.ts';
import type { DriveClient } from '../drive/client.ts';
import { contractHome, getAllProfiles, getMountProfiles, toMountParams } from '../settings.ts';

/** A mount, or a remembered profile that is not mounted. */
export interface MountRow {
  readonly mountPoint: string;
  readonly source: string;
  readonly readOnly: boolean;
  readonly status: MountStatus | 'unmounted';
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
  const emitter = new vscode.EventEmitter<MountRow | undefined>();
  let shown = '';
  const update = () => {
    const next = JSON.stringify(getRows(client));
    if (next === shown) return;
    shown = next;
    emitter.fire(undefined);
  };
  const view = vscode.window.createTreeView<MountRow>('jottacloud.mounts', {
    treeDataProvider: {
      onDidChangeTreeData: emitter.event,
      getTreeItem: toMountItem,
      getChildren: (row) => (row === undefined ? getRows(client) : []),
    },
  });
  return vscode.Disposable.from(
    emitter,
    view,
    client.onDidChangeState(update),
    vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration('jottacloud') && update()),
  );
}

function getRows(client: DriveClient): MountRow[] {
  const { mounts, account } = client.state;
  const profiles = getAllProfiles().map((profile) => {
    return { ...toMountParams(profile), status: 'unmounted' as const, onStartup: profile.onStartup };
  });
  const rows: MountRow[] = mounts.map(({ mountPoint, source, readOnly, status }) => {
    const profile = profiles.find((known) => known.mountPoint === mountPoint);
    return { mountPoint, source, readOnly, status, onStartup: profile?.onStartup };
  });
  // Where nothing was ever mounted but by default, the welcome view says more than a row would.
  if (account === null || (rows.length === 0 && getMountProfiles().length === 0)) return rows;
  return [...rows, ...profiles.filter(({ mountPoint }) => !rows.some((row) => row.mountPoint === mountPoint))];
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
  const parts = [getStatusText(row.status), source];
  if (row.readOnly) parts.push(vscode.l10n.t('read-only'));
  if (row.onStartup) parts.push(vscode.l10n.t('on startup'));
  item.description = parts.join(' · ');
  item.tooltip = `${contractHome(row.mountPoint)}\n${item.description}`;
  item.accessibilityInformation = { label: `${item.label}, ${item.description}, ${contractHome(row.mountPoint)}` };
  return item;
}

function getStatusText(status: MountRow['status']): string {
  switch (status) {
    case 'mounting':
      return vscode.l10n.t('mounting');
    case 'mounted':
      return vscode.l10n.t('mounted');
    case 'unmounting':
      return vscode.l10n.t('unmounting');
    case 'failed':
      return vscode.l10n.t('failed');
    case 'unmounted':
      return vscode.l10n.t('not mounted');
  }
}
