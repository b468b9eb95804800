import * as vscode from 'vscode';
import type { DriveError } from '../../protocol/errors.ts';
import { getErrorSentence } from '../errorTexts.ts';
import { inert } from '../ui/inert.ts';

/** The row in place of the children of a folder that could not be listed. */
export interface FailedNode {
  readonly kind: 'failed';
  readonly folder: string;
  readonly error: DriveError;
}

export function toFailedItem({ folder, error }: FailedNode): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('Could not be loaded'));
  const sentence = getErrorSentence(error.code, error.args);
  item.id = `failed:${folder}`;
  item.contextValue = 'failed';
  item.iconPath = new vscode.ThemeIcon('error');
  item.description = sentence;
  item.tooltip = vscode.l10n.t('{0}\nClick to try again.', inert(sentence));
  item.command = { command: 'jottacloud.retryFolder', title: vscode.l10n.t('Try Again'), arguments: [{ folder }] };
  item.accessibilityInformation = { label: vscode.l10n.t('Could not be loaded: {0} Press Enter to retry.', sentence) };
  return item;
}
