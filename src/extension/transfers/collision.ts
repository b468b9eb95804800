import * as vscode from 'vscode';
import type { Collision } from '../../protocol/fileMessages.ts';
import { showWarning } from '../ui/messages.ts';

/** Asks what to do about names that are taken; undefined when the person wants none of it. Nothing taken: nothing asked. */
export async function askCollision(
  taken: readonly string[],
  where: 'account' | 'local',
): Promise<Collision | undefined> {
  const [first] = taken;
  if (first === undefined) return 'fail';
  const replace = vscode.l10n.t('Replace');
  const keepBoth = vscode.l10n.t('Keep Both');
  const text =
    taken.length === 1
      ? vscode.l10n.t('{0} is there already.', first)
      : vscode.l10n.t('{0} of them are there already.', taken.length);
  const detail =
    where === 'local'
      ? vscode.l10n.t('Folders are merged; a local file is replaced.')
      : vscode.l10n.t('Folders are merged; a file in the account keeps its earlier versions.');
  const chosen = await showWarning(text, { modal: true, detail }, replace, keepBoth);
  if (chosen === replace) return 'replace';
  return chosen === keepBoth ? 'keepBoth' : undefined;
}
