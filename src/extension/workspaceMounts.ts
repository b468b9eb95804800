import { stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import { DriveError } from '../protocol/errors.ts';
import type { DriveState } from '../protocol/state.ts';
import { signInIfNeeded } from './commands/connect.ts';
import { mountNow } from './commands/mount.ts';
import { toDriveError } from './errors.ts';
import { getErrorAction, getErrorSentence } from './errorTexts.ts';
import type { Services } from './services.ts';
import { contractHome, getAllProfiles, type MountProfile, toMountParams } from './settings.ts';
import { showError, showInformation, showWarning, withProgress } from './ui/messages.ts';

/** Kept when this window was reloaded because its folder was missing, until it finds the folder mounted. */
const reloadedKey = 'jottacloud.reloadedForMount';

/** Attaching and mounting take a second; a mount that another window has begun is waited for this long. */
const mountingDeadlineMs = 60_000;

/**
 * A window that was opened on a folder of a mount, cold: mounts what the folder needs and says so, so that nobody looks
 * at an empty folder and wonders. Opening the folder is the asking; nothing else is mounted. Never throws.
 */
export async function ensureWorkspaceMounts(services: Services): Promise<void> {
  const needed = findNeeded(services.client.state);
  if (needed.length === 0) await services.windowMemory.update(reloadedKey, undefined);
  for (const profile of needed) await ensureMount(services, profile);
}

/** Profiles that a folder of this window lies in and that are not mounted. */
function findNeeded(state: DriveState): MountProfile[] {
  return getAllProfiles().filter((profile) => {
    const { mountPoint } = toMountParams(profile);
    return findFolders(mountPoint).length > 0 && !isUp(state, mountPoint);
  });
}

/** Folders of this window that lie in a mount, or are it. */
function findFolders(mountPoint: string): string[] {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  const paths = folders.map(({ uri }) => uri.fsPath);
  return paths.filter((folder) => folder === mountPoint || folder.startsWith(`${mountPoint}/`));
}

async function ensureMount(services: Services, profile: MountProfile): Promise<void> {
  const { client, tokens, log } = services;
  const { mountPoint } = toMountParams(profile);
  const place = contractHome(mountPoint);
  if (client.state.account === null && (await tokens.load()) === undefined) {
    const connect = vscode.l10n.t('Connect to Jottacloud…');
    const text = vscode.l10n.t(
      '{0} is a Jottacloud folder, and Jottacloud is not connected. It is empty until then.',
      place,
    );
    if ((await showWarning(text, connect)) !== connect) return;
    if (!(await signInIfNeeded(services))) return;
  }
  try {
    const folders = findFolders(mountPoint);
    const before = await countFolders(folders);
    await showWaiting(place, () => mountOrWait(services, profile));
    await showFolders(services, place, (await countFolders(folders)) > before);
  } catch (error) {
    const failure = toDriveError(error);
    log.warn('the folder of this window could not be mounted', { error: failure });
    const action = getErrorAction(failure.code, failure.args);
    const again = vscode.l10n.t('Try Again');
    const showLog = vscode.l10n.t('Show Log');
    const sentence = getErrorSentence(failure.code, failure.args);
    const text = vscode.l10n.t('{0} is a Jottacloud folder that could not be mounted. {1}', place, sentence);
    const buttons = action === undefined ? [again, showLog] : [action.title, again, showLog];
    // Not awaited: what is mounted next must not wait for an answer.
    void showError(text, ...buttons).then(async (chosen) => {
      if (chosen === again) await ensureMount(services, profile);
      else if (chosen === showLog) await vscode.commands.executeCommand('jottacloud.showLog');
      else if (chosen !== undefined && action !== undefined) {
        await vscode.commands.executeCommand(action.command, ...(action.args ?? []));
      }
    });
  }
}

async function countFolders(folders: readonly string[]): Promise<number> {
  const found = await Promise.all(
    folders.map((folder) =>
      stat(folder).then(
        () => 1,
        () => 0,
      ),
    ),
  );
  return found.reduce<number>((sum, one) => sum + one, 0);
}

/**
 * A folder that was there, empty, is read again. A window whose folder was missing has been told so by VS Code, and its
 * search, source control and language servers have given up on it: it is loaded again, with all that it holds. Once: where
 * the drive ends before the window is back, the folder would be missing again each time.
 */
async function showFolders({ windowMemory }: Services, place: string, appeared: boolean): Promise<void> {
  if (appeared && windowMemory.get(reloadedKey) === undefined) {
    await windowMemory.update(reloadedKey, true);
    await vscode.commands.executeCommand('workbench.action.reloadWindow');
    return;
  }
  await vscode.commands.executeCommand('workbench.files.action.refreshFilesExplorer');
  if (!appeared) return;
  const reload = vscode.l10n.t('Reload Window');
  const text = vscode.l10n.t('{0} is mounted now. Reload the window if something still does not find it.', place);
  // Not awaited: what is mounted next must not wait for an answer.
  void showInformation(text, reload).then((chosen) => {
    if (chosen === reload) void vscode.commands.executeCommand('workbench.action.reloadWindow');
  });
}

function showWaiting(place: string, work: () => Promise<void>): Promise<void> {
  const title = vscode.l10n.t('Mounting {0}, which this window shows', place);
  return Promise.resolve(withProgress({ location: vscode.ProgressLocation.Notification, title }, () => work()));
}

async function mountOrWait(services: Services, profile: MountProfile): Promise<void> {
  const { client } = services;
  const params = toMountParams(profile);
  await client.attach();
  try {
    if (!isKnown(client.state, params.mountPoint)) await mountNow(services, params);
  } catch (error) {
    // Another window was faster, and mounts what is waited for here.
    if (toDriveError(error).code !== 'alreadyMounted') throw error;
  }
  await waitUntilUp(services, params.mountPoint);
}

/** Throws 'timeout' when it is not up by then. */
function waitUntilUp({ client }: Services, mountPoint: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      listener.dispose();
      settle();
    };
    const timer = setTimeout(() => finish(() => reject(new DriveError('timeout'))), mountingDeadlineMs);
    const look = (state: DriveState) => isUp(state, mountPoint) && finish(resolve);
    const listener = client.onDidChangeState(look);
    look(client.state);
  });
}

function isUp(state: DriveState, mountPoint: string): boolean {
  return state.mounts.some((mount) => mount.mountPoint === mountPoint && mount.status === 'mounted');
}

function isKnown(state: DriveState, mountPoint: string): boolean {
  return state.mounts.some((mount) => mount.mountPoint === mountPoint && mount.status !== 'failed');
}
