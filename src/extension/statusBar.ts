import * as vscode from 'vscode';
import type { DriveState } from '../protocol/state.ts';
import type { DriveClient } from './drive/client.ts';
import { contractHome } from './settings.ts';
import { escapeMarkdown, formatBytes, formatTime } from './views/format.ts';

/** One item on the left; hidden until there is an account or a mount. */
export function createStatusBar(client: DriveClient): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('jottacloud.status', vscode.StatusBarAlignment.Left, 10);
  item.name = 'Jottacloud';
  item.command = 'jottacloud.showActions';
  const update = (state: DriveState) => {
    if (state.account === null && state.mounts.length === 0 && state.health !== 'signedOut') return item.hide();
    const { text, label, mustAct } = getStatus(state);
    item.text = text;
    item.accessibilityInformation = { label, role: 'button' };
    item.backgroundColor = mustAct ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
    item.tooltip = getTooltip(state);
    item.show();
  };
  return vscode.Disposable.from(item, client.onDidChangeState(update));
}

interface Status {
  readonly text: string;
  /** For screen readers. */
  readonly label: string;
  readonly mustAct: boolean;
}

/** One value drives the item: the first line that is true. */
export function getStatus(state: DriveState): Status {
  const show = (icon: string, words: string, mustAct = false): Status => ({
    text: `$(${icon}) ${words}`,
    label: words.startsWith('Jottacloud') ? words : `Jottacloud: ${words}`,
    mustAct,
  });
  const moving = state.transfers.some(({ status }) => status === 'running') || state.pendingChanges > 0;
  if (state.health === 'signedOut') return show('warning', vscode.l10n.t('Jottacloud: sign in again'), true);
  if (state.failedChanges > 0)
    return show('warning', vscode.l10n.t('Jottacloud: {0} failed', state.failedChanges), true);
  // There is no crossed-out cloud among VS Code's icons; the unplugged cord is its sign for a lost link.
  if (state.health === 'offline') return show('debug-disconnect', vscode.l10n.t('Jottacloud: offline'));
  if (state.transfersPaused) return show('debug-pause', vscode.l10n.t('Jottacloud: paused'));
  if (moving) {
    const count = Math.max(state.pendingChanges, state.transfers.length);
    return { ...show('sync~spin', String(count)), label: vscode.l10n.t('Jottacloud: transfers under way: {0}', count) };
  }
  if (state.mounts.some(({ status }) => status === 'mounting')) {
    return show('loading~spin', vscode.l10n.t('Jottacloud: mounting'));
  }
  if (state.mounts.some(({ status }) => status === 'mounted')) return show('cloud', 'Jottacloud');
  return show('cloud', vscode.l10n.t('Jottacloud: not mounted'));
}

function getTooltip(state: DriveState): vscode.MarkdownString {
  const lines: string[] = [];
  if (state.account !== null) {
    const { email, username, usedBytes, totalBytes } = state.account;
    lines.push(`**Jottacloud** · ${escapeMarkdown(email || username)}`);
    const used = formatBytes(usedBytes);
    lines.push(
      totalBytes < 0
        ? vscode.l10n.t('{0} used', used)
        : vscode.l10n.t('{0} of {1} used', used, formatBytes(totalBytes)),
    );
  }
  for (const { mountPoint, source, readOnly } of state.mounts) {
    const note = readOnly ? ` (${vscode.l10n.t('read-only')})` : '';
    lines.push(`$(folder) ${escapeMarkdown(contractHome(mountPoint))} ← ${escapeMarkdown(source)}${note}`);
  }
  if (state.pendingChanges > 0) lines.push(vscode.l10n.t('Changes to send: {0}', state.pendingChanges));
  if (state.failedChanges > 0) lines.push(vscode.l10n.t('Failed changes: {0}', state.failedChanges));
  if (state.lastPollAt !== null) lines.push(vscode.l10n.t('Last checked {0}', formatTime(state.lastPollAt)));
  const transfers = vscode.l10n.t('Show Transfers');
  const log = vscode.l10n.t('Show Log');
  lines.push(`[${transfers}](command:jottacloud.showTransfers) · [${log}](command:jottacloud.showLog)`);
  const tooltip = new vscode.MarkdownString(lines.join('\n\n'), true);
  tooltip.isTrusted = { enabledCommands: ['jottacloud.showTransfers', 'jottacloud.showLog'] };
  return tooltip;
}
