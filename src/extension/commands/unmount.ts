import * as vscode from 'vscode';
import { unmount } from '../../protocol/messages.ts';
import { toDriveError } from '../errors.ts';
import type { Services } from '../services.ts';
import { contractHome } from '../settings.ts';
import { showWarning, withProgress } from '../ui/messages.ts';
import { chooseMount } from './targets.ts';

/** "Unmount Jottacloud": waits for uploads with progress; Unmount Anyway keeps the rest for the next mount. */
export function unmountJottacloud(services: Services) {
  return async (argument?: unknown): Promise<boolean> => {
    const mount = await chooseMount(services, argument, vscode.l10n.t('Unmount Jottacloud'));
    if (mount === undefined) return false;
    try {
      const drained = canDrain(services) && (await drain(services, mount.mountPoint));
      return drained || (await unmountAnyway(services, mount.mountPoint));
    } catch (error) {
      const { code } = toDriveError(error);
      if (code === 'pendingUploads') return unmountAnyway(services, mount.mountPoint);
      if (code === 'busy') return forceUnmount(services, mount.mountPoint);
      throw error;
    }
  };
}

/** Waiting makes no sense while nothing can be sent. */
function canDrain({ client }: Services): boolean {
  const { pendingChanges, transfersPaused, health } = client.state;
  return pendingChanges === 0 || (!transfersPaused && health === 'ok');
}

/** False when the person stopped the wait; the mount then stays. */
async function drain({ client }: Services, mountPoint: string): Promise<boolean> {
  const waits = client.state.pendingChanges > 0;
  const location = waits ? vscode.ProgressLocation.Notification : vscode.ProgressLocation.Window;
  const title = vscode.l10n.t('Unmounting {0}', contractHome(mountPoint));
  return withProgress({ location, title, cancellable: waits }, async (progress, token) => {
    const show = () => {
      const { pendingChanges } = client.state;
      if (pendingChanges > 0) progress.report({ message: vscode.l10n.t('Changes to send: {0}', pendingChanges) });
    };
    show();
    const listener = client.onDidChangeState(show);
    try {
      await client.request(unmount, { mountPoint, mode: 'drain' }, token);
      return true;
    } catch (error) {
      if (token.isCancellationRequested) return false;
      throw error;
    } finally {
      listener.dispose();
    }
  });
}

async function unmountAnyway(services: Services, mountPoint: string): Promise<boolean> {
  const { client } = services;
  const { pendingChanges } = client.state;
  const anyway = vscode.l10n.t('Unmount Anyway');
  const chosen = await showWarning(
    vscode.l10n.t(
      'Changes that are not uploaded yet: {0}. They are kept on this computer and sent with the next mount at the latest.',
      pendingChanges,
    ),
    anyway,
  );
  if (chosen !== anyway) return false;
  try {
    await client.request(unmount, { mountPoint, mode: 'keep' });
    return true;
  } catch (error) {
    if (toDriveError(error).code !== 'busy') throw error;
    return forceUnmount(services, mountPoint);
  }
}

async function forceUnmount({ client }: Services, mountPoint: string): Promise<boolean> {
  const anyway = vscode.l10n.t('Unmount Anyway');
  const chosen = await showWarning(
    vscode.l10n.t(
      'Files in {0} are still open. Save and close them first; what is saved is never lost.',
      contractHome(mountPoint),
    ),
    anyway,
  );
  if (chosen !== anyway) return false;
  await client.request(unmount, { mountPoint, mode: 'force' });
  return true;
}
