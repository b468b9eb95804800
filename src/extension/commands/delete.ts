import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import { deleteEntry, restoreFromTrash } from '../../protocol/fileMessages.ts';
import type { DriveClient } from '../drive/client.ts';
import { toDriveError } from '../errors.ts';
import { outermost } from '../fileSystem/scheme.ts';
import type { Services } from '../services.ts';
import { withCancel } from '../transfers/cancellable.ts';
import { inert } from '../ui/inert.ts';
import { showInformation, showWarning } from '../ui/messages.ts';
import { checkChangeable, chooseItems, describeItems } from './items.ts';
import { endPublicLink } from './links.ts';
import { deleteTrashed, getTrashedRow } from './trash.ts';

/** Wait before another try to undo a removal that was not sent yet, ms. */
const undoRetryMs = 500;
const undoTries = 60;

/** Names told of many; a question must fit on the screen. */
const toldNames = 10;

/** "Delete": moves to the trash of the account, after asking; what is in there already, for good; of a public link, the link. True when done. */
export function deleteItems(services: Services) {
  return async (argument?: unknown, selection?: unknown): Promise<boolean> => {
    if (getTrashedRow(argument) !== undefined) return deleteTrashed(services)(argument, selection);
    if (isSharedRow(argument)) return endPublicLink(services)(argument);
    const chosen = await chooseItems(services, argument, selection, vscode.l10n.t('Delete'));
    if (chosen === undefined) return false;
    const paths = outermost(chosen);
    checkChangeable(paths);
    if (!(await confirmDelete(paths))) return false;
    const { client } = services;
    await withCancel(vscode.l10n.t('Deleting {0}', describeItems(paths)), async (token) => {
      for (const path of paths) await client.request(deleteEntry, { path, recursive: true }, token);
    });
    void offerUndo(services, paths).catch(services.report);
    return true;
  };
}

async function offerUndo({ client, files }: Services, paths: readonly string[]): Promise<void> {
  const undo = vscode.l10n.t('Undo');
  const text = vscode.l10n.t('Moved {0} to the trash.', describeItems(paths));
  if ((await showInformation(text, undo)) !== undo) return;
  await withCancel(vscode.l10n.t('Restoring {0}', describeItems(paths)), async (token) => {
    for (const path of paths) await restoreWhenSent(client, path, token);
  });
  files.tree.refreshTrash();
}

/** The service has it in its trash as soon as the removal has reached it: until then it is not found there. */
async function restoreWhenSent(client: DriveClient, path: string, token: vscode.CancellationToken): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await client.request(restoreFromTrash, { path }, token);
    } catch (error) {
      if (toDriveError(error).code !== 'notFound' || tries === undoTries) throw error;
      await delay(undoRetryMs);
    }
  }
}

/** In the list of what is public, what is to go is the link. */
function isSharedRow(argument: unknown): boolean {
  return (argument as { kind?: unknown } | undefined)?.kind === 'shared';
}

async function confirmDelete(paths: readonly string[]): Promise<boolean> {
  const move = vscode.l10n.t('Move to Trash');
  const question = vscode.l10n.t('Delete {0}?', describeItems(paths));
  const way =
    paths.length === 1
      ? vscode.l10n.t('You can restore it from the trash of Jottacloud for 30 days.')
      : vscode.l10n.t('You can restore them from the trash of Jottacloud for 30 days.');
  const detail = [...listNames(paths), way].join('\n');
  return (await showWarning(question, { modal: true, detail }, move)) === move;
}

/** What is meant by "3 items". Nothing for one, which the question names. */
function listNames(paths: readonly string[]): string[] {
  if (paths.length === 1) return [];
  const names = paths.slice(0, toldNames).map((file) => inert(path.posix.basename(file)));
  const rest = paths.length - names.length;
  return [...names, ...(rest > 0 ? [vscode.l10n.t('… and {0} more', rest)] : []), ''];
}
