import path from 'node:path';
import * as vscode from 'vscode';
import { listRevisions, type RevisionInfo, restoreRevision } from '../../protocol/fileMessages.ts';
import { toDriveError } from '../errors.ts';
import { parseVersionUri, toVersionUri } from '../fileSystem/scheme.ts';
import { getOpenUri } from '../openUri.ts';
import type { Services } from '../services.ts';
import { showWarning } from '../ui/messages.ts';
import { askChoice, back } from '../ui/steps.ts';
import { formatBytes, formatTime } from '../views/format.ts';
import { chooseItem, findActivePath, tell } from './items.ts';
import { getPathArgument } from './targets.ts';

/** "Version History…": shows a version beside the current one. Resolves with its number. */
export function showVersions(services: Services) {
  return async (argument?: unknown): Promise<number | undefined> => {
    const file = await chooseItem(
      services,
      argument ?? findActivePath(services),
      'file',
      vscode.l10n.t('Version History'),
    );
    if (file === undefined) return undefined;
    const title = vscode.l10n.t('Version History of {0}', path.posix.basename(file));
    const question = vscode.l10n.t('Which version to compare with the current one?');
    const chosen = getVersionArgument(argument) ?? (await chooseVersion(services, file, title, question));
    if (chosen === undefined) return undefined;
    const old = toVersionUri(file, chosen.revision);
    const label = vscode.l10n.t(
      '{0}: {1} ↔ current',
      path.posix.basename(file),
      chosen.modifiedMs !== 0 ? formatTime(chosen.modifiedMs) : `#${chosen.revision}`,
    );
    await vscode.commands.executeCommand('vscode.diff', old, getOpenUri(services.client.state, file), label);
    return chosen.revision;
  };
}

/** "Compare with Last Synced": what the server has beside what this computer has. True when there is something to compare. */
export function compareWithSynced(services: Services) {
  return async (argument?: unknown): Promise<boolean> => {
    const { client } = services;
    const title = vscode.l10n.t('Compare with Last Synced');
    const file = await chooseItem(services, argument ?? findActivePath(services), 'file', title);
    if (file === undefined) return false;
    const name = path.posix.basename(file);
    const synced = await findSynced(services, file);
    if (synced === undefined) {
      tell(vscode.l10n.t('{0} has not been uploaded yet', name));
      return false;
    }
    const label = vscode.l10n.t('{0}: last synced ↔ this computer', name);
    const [old, now] = [toVersionUri(file, synced.revision), getOpenUri(client.state, file)];
    await vscode.commands.executeCommand('vscode.diff', old, now, label);
    return true;
  };
}

/** The version that the server has; undefined where it has none yet. */
async function findSynced({ client }: Services, file: string): Promise<RevisionInfo | undefined> {
  try {
    const revisions = await client.request(listRevisions, { path: file });
    return revisions.find(({ current }) => current);
  } catch (error) {
    if (toDriveError(error).code === 'pendingUploads') return undefined;
    throw error;
  }
}

/** "Restore Version…": of the version that the editor shows, or one that is asked for. True when done. */
export function restoreVersion(services: Services) {
  return async (argument?: unknown): Promise<boolean> => {
    const target = findShownVersion(argument) ?? (await askVersion(services, argument));
    if (target === undefined) return false;
    const restore = vscode.l10n.t('Restore');
    const name = path.posix.basename(target.path);
    const chosen = await showWarning(
      vscode.l10n.t('Restore this version of {0}?', name),
      {
        modal: true,
        detail: vscode.l10n.t('It becomes the newest version. The one that is current now stays in the history.'),
      },
      restore,
    );
    if (chosen !== restore) return false;
    await services.client.request(restoreRevision, { path: target.path, revision: target.revision });
    tell(vscode.l10n.t('Restored a version of {0}', name));
    return true;
  };
}

/** The version that a row stands for; undefined for any other row. */
function getVersionArgument(argument: unknown): RevisionInfo | undefined {
  const { version } = (argument ?? {}) as { version?: RevisionInfo };
  return typeof version === 'object' ? version : undefined;
}

/** The version of a row or a URI, or the one that the active editor compares with the file of the URI, as its button gives it. */
function findShownVersion(argument: unknown): { path: string; revision: number } | undefined {
  const row = getVersionArgument(argument);
  if (row !== undefined) return { path: getPathArgument(argument) ?? '', revision: row.revision };
  if (!(argument instanceof vscode.Uri)) return undefined;
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  const isCompared = input instanceof vscode.TabInputTextDiff && input.modified.toString() === argument.toString();
  return parseVersionUri(isCompared ? input.original : argument);
}

async function askVersion(services: Services, argument: unknown) {
  const title = vscode.l10n.t('Restore Version');
  const file = await chooseItem(services, argument ?? findActivePath(services), 'file', title);
  if (file === undefined) return undefined;
  const chosen = await chooseVersion(services, file, title, vscode.l10n.t('Which version?'));
  return chosen === undefined ? undefined : { path: file, revision: chosen.revision };
}

/** One of the earlier versions, newest first. */
async function chooseVersion(
  { client }: Services,
  file: string,
  title: string,
  placeholder: string,
): Promise<RevisionInfo | undefined> {
  const revisions = await client.request(listRevisions, { path: file });
  const earlier = revisions.filter(({ current }) => !current);
  if (earlier.length === 0) {
    tell(vscode.l10n.t('{0} has no earlier versions', path.posix.basename(file)));
    return undefined;
  }
  const items = earlier.map((revision) => ({
    label: `$(history) ${revision.modifiedMs !== 0 ? formatTime(revision.modifiedMs) : `#${revision.revision}`}`,
    description: formatBytes(revision.size),
    value: revision,
  }));
  const chosen = await askChoice({ title, placeholder, items });
  return chosen === back ? undefined : chosen;
}
