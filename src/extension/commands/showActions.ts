import * as vscode from 'vscode';
import type { Services } from '../services.ts';
import { getStateKey, type StateKey } from '../stateKey.ts';
import { askChoice, back, type ChoiceItem } from '../ui/steps.ts';
import type { CommandId } from './ids.ts';

/** Click on the status bar item: the commands that make sense now, the most likely first. */
export function showActions({ client, fuse }: Services) {
  return async (): Promise<void> => {
    const key = getStateKey(client.state, fuse.ready === false);
    const chosen = await askChoice({
      title: 'Jottacloud',
      placeholder: vscode.l10n.t('What to do?'),
      items: [...getMainActions(key, client.state.health === 'signedOut'), ...getCommonActions(client, key)],
    });
    if (chosen !== undefined && chosen !== back) await vscode.commands.executeCommand(chosen);
  };
}

function getMainActions(key: StateKey, mustSignIn: boolean): ChoiceItem<CommandId>[] {
  const connect = row('plug', vscode.l10n.t('Connect to Jottacloud…'), 'jottacloud.connect');
  const mountFolder = row('folder', vscode.l10n.t('Mount Jottacloud Folder…'), 'jottacloud.mountFolder');
  const first = mustSignIn && key !== 'signedOut' ? [connect] : [];
  switch (key) {
    case 'signedOut':
      return [connect];
    case 'fuseMissing':
      return [...first, row('tools', vscode.l10n.t('Install FUSE…'), 'jottacloud.installFuse')];
    case 'connected':
      return [...first, row('cloud', vscode.l10n.t('Mount Jottacloud'), 'jottacloud.mount'), mountFolder];
    case 'mounted':
      return [
        ...first,
        row('folder-opened', vscode.l10n.t('Open Mounted Folder'), 'jottacloud.openMountedFolder'),
        row(
          'multiple-windows',
          vscode.l10n.t('Open Mounted Folder in New Window'),
          'jottacloud.openMountedFolderInNewWindow',
        ),
        row('debug-stop', vscode.l10n.t('Unmount Jottacloud'), 'jottacloud.unmount'),
        mountFolder,
      ];
  }
}

function getCommonActions({ state }: Services['client'], key: StateKey): ChoiceItem<CommandId>[] {
  const log = row('output', vscode.l10n.t('Show Log'), 'jottacloud.showLog');
  const diagnostics = row('report', vscode.l10n.t('Report Diagnostics'), 'jottacloud.reportDiagnostics');
  if (key === 'signedOut') return [log, diagnostics];
  const rows = [row('arrow-swap', vscode.l10n.t('Show Transfers'), 'jottacloud.showTransfers')];
  if (state.failedChanges > 0) {
    rows.push(row('refresh', vscode.l10n.t('Retry Failed Transfers'), 'jottacloud.retryTransfers'));
  }
  rows.push(
    state.transfersPaused
      ? row('debug-continue', vscode.l10n.t('Resume Transfers'), 'jottacloud.resumeTransfers')
      : row('debug-pause', vscode.l10n.t('Pause Transfers'), 'jottacloud.pauseTransfers'),
    row('sync', vscode.l10n.t('Refresh'), 'jottacloud.refresh'),
    log,
    diagnostics,
    row('sign-out', vscode.l10n.t('Disconnect from Jottacloud'), 'jottacloud.disconnect'),
  );
  return rows;
}

function row(icon: string, title: string, command: CommandId): ChoiceItem<CommandId> {
  return { label: `$(${icon}) ${title}`, value: command };
}
