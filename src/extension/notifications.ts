import path from 'node:path';
import * as vscode from 'vscode';
import type { ConflictNotice, MountState } from '../protocol/state.ts';
import { getMountedPath } from './mountedPath.ts';
import type { Services } from './services.ts';
import { contractHome } from './settings.ts';

/** Conflicts of one poll come together; they become one message. */
const conflictSettleMs = 1_000;

/** The few messages that come unasked: sign in again, a conflict was kept apart, a mount fell over. */
export function createNotifications(services: Services): vscode.Disposable {
  const { client, report } = services;
  return vscode.Disposable.from(
    watchSignOut(services),
    watchConflicts(services),
    watchMounts(services),
    client.onDidFail((error) => void report(error)),
  );
}

/** Asks once per loss of the session. */
function watchSignOut({ client }: Services): vscode.Disposable {
  let asked = false;
  return vscode.Disposable.from(
    client.onDidChangeState(({ account, health }) => {
      if (account !== null && health !== 'signedOut') asked = false;
    }),
    client.onDidSignOut(async () => {
      if (asked) return;
      asked = true;
      const signIn = vscode.l10n.t('Sign In Again');
      const chosen = await vscode.window.showWarningMessage(
        vscode.l10n.t('Jottacloud asks you to sign in again. Your changes are kept on this computer until then.'),
        signIn,
      );
      if (chosen === signIn) await vscode.commands.executeCommand('jottacloud.connect');
    }),
  );
}

function watchConflicts(services: Services): vscode.Disposable {
  let waiting: ConflictNotice[] = [];
  let timer: NodeJS.Timeout | undefined;
  const listener = services.client.onDidMakeConflict((notice) => {
    waiting.push(notice);
    clearTimeout(timer);
    timer = setTimeout(() => {
      const notices = waiting;
      waiting = [];
      void tellConflicts(services, notices);
    }, conflictSettleMs);
  });
  return vscode.Disposable.from(listener, { dispose: () => clearTimeout(timer) });
}

async function tellConflicts({ client }: Services, notices: readonly ConflictNotice[]): Promise<void> {
  const [first] = notices;
  if (first === undefined) return;
  const showFiles = vscode.l10n.t('Show Files');
  const files = [getMountedPath(client.state, first.path), getMountedPath(client.state, first.copyPath)] as const;
  if (notices.length > 1 || files[0] === undefined || files[1] === undefined) {
    const text = vscode.l10n.t(
      'Files changed both here and elsewhere: {0}. Your versions are kept beside them as conflicted copies.',
      notices.length,
    );
    if ((await vscode.window.showWarningMessage(text, showFiles)) === showFiles) {
      await vscode.commands.executeCommand('jottacloud.files.focus');
    }
    return;
  }
  const compare = vscode.l10n.t('Compare');
  const name = path.posix.basename(first.path);
  const text = vscode.l10n.t(
    '{0} was changed here and elsewhere. Your version is kept as {1}.',
    name,
    path.posix.basename(first.copyPath),
  );
  if ((await vscode.window.showWarningMessage(text, compare)) !== compare) return;
  const [theirs, ours] = [vscode.Uri.file(files[0]), vscode.Uri.file(files[1])];
  await vscode.commands.executeCommand('vscode.diff', theirs, ours, vscode.l10n.t('{0}: elsewhere ↔ here', name));
}

/** A mount that was up and fell over. One that never came up is told by the command that asked for it. */
function watchMounts({ client }: Services): vscode.Disposable {
  let up = new Set<string>();
  return client.onDidChangeState(({ mounts }) => {
    const fallen = mounts.filter(({ status, mountPoint }) => status === 'failed' && up.has(mountPoint));
    up = new Set(mounts.filter(({ status }) => status === 'mounted').map(({ mountPoint }) => mountPoint));
    for (const mount of fallen) void tellFallen(mount);
  });
}

async function tellFallen({ mountPoint }: MountState): Promise<void> {
  const again = vscode.l10n.t('Mount Again');
  const showLog = vscode.l10n.t('Show Log');
  const text = vscode.l10n.t('{0} is no longer mounted. Nothing is lost; mount it again.', contractHome(mountPoint));
  const chosen = await vscode.window.showErrorMessage(text, again, showLog);
  if (chosen === again) await vscode.commands.executeCommand('jottacloud.mount', { mountPoint });
  if (chosen === showLog) await vscode.commands.executeCommand('jottacloud.showLog');
}
