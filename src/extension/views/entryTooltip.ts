import * as vscode from 'vscode';
import type { EntryInfo } from '../../protocol/state.ts';
import { getErrorSentence } from '../errorTexts.ts';
import { escapeMarkdown, formatAge, formatBytes, formatTime } from './format.ts';
import { getStateText } from './stateTexts.ts';

/**
 * All that is known of a row. Made when somebody points at it: a folder has thousands of them. `link`: its public page;
 * undefined where it has none, or where that is not known.
 */
export function toEntryTooltip(entry: EntryInfo, link: string | undefined): vscode.MarkdownString {
  const lines = [escapeMarkdown(entry.path), getFacts(entry), getStateText(entry)];
  if (entry.serverName !== undefined) {
    lines.push(
      escapeMarkdown(
        vscode.l10n.t(
          'Called {0} on the server: one of the two names is not possible on the other side.',
          entry.serverName,
        ),
      ),
    );
  }
  if (entry.unanswered !== undefined)
    lines.push(escapeMarkdown(getErrorSentence(entry.unanswered, { path: entry.path })));
  if (link !== undefined) lines.push(`$(link) [${vscode.l10n.t('Public link')}](${link})`);
  else if (entry.kind === 'file') lines.push(vscode.l10n.t('Not public'));
  return new vscode.MarkdownString(lines.filter((text) => text !== '').join('  \n'), true);
}

function getFacts({ kind, size, modifiedMs, revision }: EntryInfo): string {
  if (kind !== 'file') return '';
  const facts = [formatBytes(size)];
  if (modifiedMs !== 0) facts.push(vscode.l10n.t('changed {0} ({1})', formatTime(modifiedMs), formatAge(modifiedMs)));
  if (revision !== undefined) facts.push(vscode.l10n.t('version {0}', revision));
  return escapeMarkdown(facts.join(' · '));
}
