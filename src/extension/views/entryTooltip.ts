import * as vscode from 'vscode';
import type { EntryInfo } from '../../protocol/state.ts';
import { getErrorSentence } from '../errorTexts.ts';
import { escapeMarkdown, formatAge, formatBytes, formatTime } from './format.ts';
import { getStateText } from './stateTexts.ts';

/** Endings of pictures that VS Code can draw in a tooltip. */
const pictures = /\.(?:png|jpe?g|gif|webp|bmp|ico|svg)$/i;
/** Larger ones take too long to draw. Bytes. */
const largestPicture = 20_000_000;

export interface Shown {
  /** Address of the public page; undefined where there is none, or where that is not known. */
  readonly link: string | undefined;
  /** Picture to show; undefined for none. */
  readonly picture: vscode.Uri | undefined;
}

/** The mounted file of a picture whose bytes are on this computer: looking at a row downloads nothing. */
export function getPicture(entry: EntryInfo, mounted: string | undefined): vscode.Uri | undefined {
  const isLocal = entry.kind === 'file' && entry.sync !== 'cloud' && entry.unanswered === undefined;
  const canBeDrawn = pictures.test(entry.name) && entry.size > 0 && entry.size <= largestPicture;
  return isLocal && canBeDrawn && mounted !== undefined ? vscode.Uri.file(mounted) : undefined;
}

/** All that is known of a row. Made when somebody points at it: a folder has thousands of them. */
export function toEntryTooltip(entry: EntryInfo, { link, picture }: Shown): vscode.MarkdownString {
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
  if (entry.unusable !== undefined)
    lines.push(
      vscode.l10n.t(
        'Holds entries on the server that cannot be shown here: {0}. So it cannot be deleted here either.',
        entry.unusable,
      ),
    );
  if (entry.unanswered !== undefined)
    lines.push(escapeMarkdown(getErrorSentence(entry.unanswered, { path: entry.path })));
  if (link !== undefined) lines.push(`$(link) [${vscode.l10n.t('Public link')}](${link})`);
  else if (entry.kind === 'file') lines.push(vscode.l10n.t('Not public'));
  if (picture !== undefined) lines.push(`\n![](${escapeUri(picture)}|height=160)`);
  return new vscode.MarkdownString(lines.filter((text) => text !== '').join('  \n'), true);
}

/** Escapes a URI as the address of a picture in Markdown, which ends at a parenthesis and has its size after a bar. */
function escapeUri(uri: vscode.Uri): string {
  return uri.toString().replace(/[()|]/g, (character) => `%${character.charCodeAt(0).toString(16)}`);
}

function getFacts({ kind, size, modifiedMs, revision }: EntryInfo): string {
  if (kind !== 'file') return '';
  const facts = [formatBytes(size)];
  if (modifiedMs !== 0) facts.push(vscode.l10n.t('changed {0} ({1})', formatTime(modifiedMs), formatAge(modifiedMs)));
  if (revision !== undefined) facts.push(vscode.l10n.t('version {0}', revision));
  return escapeMarkdown(facts.join(' · '));
}
