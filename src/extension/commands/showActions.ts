import * as vscode from 'vscode';
import type { DriveState } from '../../protocol/state.ts';
import type { Services } from '../services.ts';
import { getStateKey, type StateKey } from '../stateKey.ts';
import { countFailed } from '../statusBar.ts';
import { askChoice, back, type ChoiceItem } from '../ui/steps.ts';
import type { CommandId } from './ids.ts';

/** Click on the status bar item: the commands that make sense now, the most likely first. */
export function showActions({ client, fuse }: Services) {
  return async (): Promise<void> => {
    const key = getStateKey(client.state, fuse.ready === false);
    const chosen = await askChoice({
      title: 'Jottacloud',
      placeholder: vscode.l10n.t('What to do?'),
      items: [...getRemedies(client.state, key), ...getMainActions(key), ...getCommonActions(client, key)],
    });
    if (chosen !== undefined && chosen !== back) await vscode.commands.executeCommand(chosen);
  };
}

/** What ends that something is wrong. */
function getRemedies(state: DriveState, key: StateKey): ChoiceItem<CommandId>[] {
  if (state.health === 'signedOut') {
    return [row('warning', vscode.l10n.t('Sign In Again…'), 'jottacloud.connect')];
  }
  const failed = countFailed(state);
  if (failed > 0) {
    return [
      row('warning', vscode.l10n.t('{0} failed: Show', failed), 'jottacloud.showTransfers'),
      row('refresh', vscode.l10n.t('Retry Failed Transfers'), 'jottacloud.retryTransfers'),
    ];
  }
  const isOffline = key !== 'signedOut' && state.health === 'offline';
  return isOffline ? [row('debug-disconnect', vscode.l10n.t('Offline: Try Again'), 'jottacloud.refresh')] : [];
}

function getMainActions(key: StateKey): ChoiceItem<CommandId>[] {
  const connect = row('plug', vscode.l10n.t('Connect to Jottacloud…'), 'jottacloud.connect');
  const mountFolder = row('folder', vscode.l10n.t('Mount Jottacloud Folder…'), 'jottacloud.mountFolder');
  switch (key) {
    case 'signedOut':
      return [connect];
    case 'fuseMissing':
      return [row('tools', vscode.l10n.t('Install FUSE…'), 'jottacloud.installFuse')];
    case 'connected':
      return [row('cloud', vscode.l10n.t('Mount Jottacloud'), 'jottacloud.mount'), mountFolder];
    case 'mounted':
      return [
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
  rows.push(
    state.transfersPaused
      ? row('debug-continue', vscode.l10n.t('Resume Transfers'), 'jottacloud.resumeTransfers')
      : row('debug-pause', vscode.l10n.t('Pause Transfers'), 'jottacloud.pauseTransfers'),
    row('sync', vscode.l10n.t('Refresh'), 'jottacloud.refresh'),
    row('gear', vscode.l10n.t('Open Settings'), 'jottacloud.openSettings'),
    log,
    diagnostics,
    row('sign-out', vscode.l10n.t('Disconnect from Jottacloud'), 'jottacloud.disconnect'),
  );
  return rows;
}

function row(icon: string, title: string, command: CommandId): ChoiceItem<CommandId> {
  return { label: `$(${icon}) ${title}`, value: command };
}
