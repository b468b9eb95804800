import * as vscode from 'vscode';
import type { MountStatus } from '../../protocol/state.ts';
import type { DriveClient } from '../drive/client.ts';
import { contractHome, getMountProfiles, toMountParams } from '../settings.ts';

/** A mount, or a remembered profile that is not mounted. */
export interface MountRow {
  readonly mountPoint: string;
  readonly source: string;
  readonly readOnly: boolean;
  readonly status: MountStatus | 'unmounted';
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
    vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration('jottacloud.mounts') && update()),
  );
}

function getRows(client: DriveClient): MountRow[] {
  const { mounts, account } = client.state;
  const rows: MountRow[] = mounts.map(({ mountPoint, source, readOnly, status }) => {
    return { mountPoint, source, readOnly, status };
  });
  if (account === null) return rows;
  for (const profile of getMountProfiles().map(toMountParams)) {
    if (rows.some(({ mountPoint }) => mountPoint === profile.mountPoint)) continue;
    rows.push({ ...profile, status: 'unmounted' });
  }
  return rows;
}

function toMountItem(row: MountRow): vscode.TreeItem {
  const item = new vscode.TreeItem(contractHome(row.mountPoint));
  item.id = `mount:${row.mountPoint}`;
  item.contextValue = `mount.${row.status}`;
  item.iconPath = new vscode.ThemeIcon(icons[row.status]);
  const source = row.source === '/' ? vscode.l10n.t('whole account') : row.source;
  const parts = [getStatusText(row.status), source];
  if (row.readOnly) parts.push(vscode.l10n.t('read-only'));
  item.description = parts.join(' · ');
  item.tooltip = `${row.mountPoint}\n${item.description}`;
  item.accessibilityInformation = { label: `${item.label}, ${item.description}` };
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
