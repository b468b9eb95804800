import path from 'node:path';
import * as vscode from 'vscode';
import {
  deleteForever,
  emptyTrash as emptyTrashRequest,
  listTrash,
  restoreFromTrash,
  type TrashEntry,
} from '../../protocol/fileMessages.ts';
import type { Services } from '../services.ts';
import { withCancel } from '../transfers/cancellable.ts';
import { inert } from '../ui/inert.ts';
import { showWarning } from '../ui/messages.ts';
import { describeTrashed } from '../views/trashNodes.ts';
import { signInIfNeeded } from './connect.ts';
import { describeItems, tell } from './items.ts';

/** "Show Trash". */
export function showTrash(services: Services) {
  return async (): Promise<void> => {
    if (!(await signInIfNeeded(services))) return;
    await services.files.reveal();
    await services.files.revealTrash();
  };
}

/** "Restore from Trash": puts things where they were. True when done. */
export function restoreTrashed(services: Services) {
  return async (argument?: unknown, selection?: unknown): Promise<boolean> => {
    const paths = await chooseTrashed(services, argument, selection, vscode.l10n.t('Restore from Trash'));
    if (paths === undefined) return false;
    const { client, files } = services;
    try {
      await withCancel(vscode.l10n.t('Restoring {0}', describeItems(paths)), async (token) => {
        for (const item of paths) await client.request(restoreFromTrash, { path: item }, token);
      });
    } finally {
      files.tree.refreshTrash();
    }
    tell(vscode.l10n.t('Restored {0}', describeItems(paths)));
    return true;
  };
}

/** "Delete Forever", after asking. True when done. */
export function deleteTrashed(services: Services) {
  return async (argument?: unknown, selection?: unknown): Promise<boolean> => {
    const paths = await chooseTrashed(services, argument, selection, vscode.l10n.t('Delete Forever'));
    if (paths === undefined) return false;
    const forever = vscode.l10n.t('Delete Forever');
    const text = vscode.l10n.t('Delete {0} forever?', describeItems(paths));
    const detail = vscode.l10n.t('There is no way to get it back, nor any of its versions.');
    if ((await showWarning(text, { modal: true, detail }, forever)) !== forever) return false;
    const { client, files } = services;
    try {
      for (const item of paths) await client.request(deleteForever, { path: item });
    } finally {
      files.tree.refreshTrash();
    }
    return true;
  };
}

/** "Empty Trash", after asking. True when done. */
export function emptyTrash(services: Services) {
  return async (): Promise<boolean> => {
    if (!(await signInIfNeeded(services))) return false;
    const { client, files } = services;
    const entries = await client.call(listTrash);
    if (entries.length === 0) {
      tell(vscode.l10n.t('The trash is empty'));
      return false;
    }
    const empty = vscode.l10n.t('Empty Trash');
    const text = vscode.l10n.t('Empty the trash of Jottacloud?');
    const detail = vscode.l10n.t(
      'Everything in it is gone for good, with all its versions: {0}.',
      describeItems(entries.map(({ path }) => path)),
    );
    if ((await showWarning(text, { modal: true, detail }, empty)) !== empty) return false;
    try {
      await withCancel(vscode.l10n.t('Emptying the trash'), () => client.call(emptyTrashRequest));
    } finally {
      files.tree.refreshTrash();
    }
    return true;
  };
}

async function chooseTrashed(
  services: Services,
  argument: unknown,
  selection: unknown,
  title: string,
): Promise<readonly string[] | undefined> {
  const given = getTrashedPath(argument);
  const selected = (Array.isArray(selection) ? selection : []).flatMap((row: unknown) => getTrashedPath(row) ?? []);
  if (given !== undefined) return selected.includes(given) ? selected : [given];
  if (!(await signInIfNeeded(services))) return undefined;
  const entries = await services.client.call(listTrash);
  if (entries.length === 0) {
    tell(vscode.l10n.t('The trash is empty'));
    return undefined;
  }
  const placeHolder = vscode.l10n.t('Choose what was deleted');
  const chosen = await vscode.window.showQuickPick(entries.map(toPick), {
    title,
    placeHolder,
    canPickMany: true,
    matchOnDescription: true,
  });
  return chosen === undefined || chosen.length === 0 ? undefined : chosen.map(({ trashed }) => trashed);
}

function toPick(entry: TrashEntry) {
  return {
    label: `$(${entry.kind === 'folder' ? 'folder' : 'file'}) ${inert(path.posix.basename(entry.path))}`,
    description: inert(describeTrashed(entry)),
    trashed: entry.path,
  };
}

/** A row of the trash, or the path itself. */
function getTrashedPath(argument: unknown): string | undefined {
  return typeof argument === 'string' ? argument : getTrashedRow(argument);
}

/** The path of what a row of the trash shows; undefined for any other row. */
export function getTrashedRow(argument: unknown): string | undefined {
  const { trashed } = (argument ?? {}) as { trashed?: { path?: unknown } };
  return typeof trashed?.path === 'string' ? trashed.path : undefined;
}
