import * as vscode from 'vscode';
import type { DriveState } from '../protocol/state.ts';
import type { CommandId } from './commands/ids.ts';
import type { DriveClient } from './drive/client.ts';
import { contractHome } from './settings.ts';
import { escapeMarkdown, formatBytes, formatTimeOfDay } from './views/format.ts';

/** One item on the left; hidden until there is an account or a mount. */
export function createStatusBar(client: DriveClient): vscode.Disposable {
  const item = vscode.window.createStatusBarItem('jottacloud.status', vscode.StatusBarAlignment.Left, 10);
  item.name = 'Jottacloud';
  item.command = 'jottacloud.showActions';
  let shown = '';
  const update = (state: DriveState) => {
    if (state.account === null && state.mounts.length === 0 && state.health !== 'signedOut') return item.hide();
    const { text, label, mustAct } = getStatus(state);
    const tooltip = getTooltip(state);
    // Progress comes many times a second; an item that is set anew closes its tooltip under the mouse.
    const next = JSON.stringify([text, label, mustAct, tooltip]);
    if (next !== shown) {
      shown = next;
      item.text = text;
      item.accessibilityInformation = { label, role: 'button' };
      item.backgroundColor = mustAct ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
      item.tooltip = toMarkdown(tooltip);
    }
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

/** Changes that failed, without those that somebody stopped. */
export function countFailed({ failedChanges, transfers }: DriveState): number {
  return Math.max(0, failedChanges - transfers.filter(({ reason }) => reason === 'stopped').length);
}

/** One value drives the item: the first line that is true. */
export function getStatus(state: DriveState): Status {
  const show = (icon: string, words: string, mustAct = false): Status => ({
    text: `$(${icon}) ${words}`,
    label: words.startsWith('Jottacloud') ? words : `Jottacloud: ${words}`,
    mustAct,
  });
  const failed = countFailed(state);
  const stopped = state.failedChanges - failed;
  const moving = state.transfers.some(({ status }) => status === 'running') || state.pendingChanges > 0;
  if (state.health === 'signedOut') return show('warning', vscode.l10n.t('Jottacloud: sign in again'), true);
  if (failed > 0) return show('warning', vscode.l10n.t('Jottacloud: {0} failed', failed), true);
  // There is no crossed-out cloud among VS Code's icons; the unplugged cord is its sign for a lost link.
  if (state.health === 'offline') return show('debug-disconnect', vscode.l10n.t('Jottacloud: offline'));
  if (state.transfersPaused) return show('debug-pause', vscode.l10n.t('Jottacloud: paused'));
  if (moving) {
    const count = Math.max(state.pendingChanges, state.transfers.length - stopped);
    return {
      ...show('sync~spin', `Jottacloud: ${count}`),
      label: vscode.l10n.t('Jottacloud: transfers under way: {0}', count),
    };
  }
  if (state.mounts.some(({ status }) => status === 'mounting')) {
    return show('loading~spin', vscode.l10n.t('Jottacloud: mounting'));
  }
  if (state.mounts.some(({ status }) => status === 'mounted')) return show('cloud', 'Jottacloud');
  return show('cloud', vscode.l10n.t('Jottacloud: not mounted'));
}

/** Links of the tooltip; no other command can be run from it. */
const links = [
  'jottacloud.showTransfers',
  'jottacloud.openMountedFolder',
  'jottacloud.mount',
  'jottacloud.showLog',
] as const satisfies readonly CommandId[];

function toMarkdown(text: string): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString(text, true);
  tooltip.isTrusted = { enabledCommands: links };
  return tooltip;
}

function getTooltip(state: DriveState): string {
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
    const from = source === '/' ? vscode.l10n.t('whole account') : source;
    lines.push(`$(folder) ${escapeMarkdown(contractHome(mountPoint))} ← ${escapeMarkdown(from)}${note}`);
  }
  if (state.pendingChanges > 0) lines.push(vscode.l10n.t('Changes to send: {0}', state.pendingChanges));
  if (countFailed(state) > 0) lines.push(vscode.l10n.t('Failed changes: {0}', countFailed(state)));
  if (state.lastPollAt !== null) lines.push(vscode.l10n.t('Last checked {0}', formatTimeOfDay(state.lastPollAt)));
  const isMounted = state.mounts.some(({ status }) => status === 'mounted');
  const open = isMounted
    ? toLink(vscode.l10n.t('Open Mounted Folder'), 'jottacloud.openMountedFolder')
    : toLink(vscode.l10n.t('Mount Jottacloud'), 'jottacloud.mount');
  const transfers = toLink(vscode.l10n.t('Show Transfers'), 'jottacloud.showTransfers');
  const log = toLink(vscode.l10n.t('Show Log'), 'jottacloud.showLog');
  lines.push([open, transfers, log].join(' · '));
  return lines.join('\n\n');
}

function toLink(title: string, command: (typeof links)[number]): string {
  return `[${title}](command:${command})`;
}
