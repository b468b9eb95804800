import * as vscode from 'vscode';
import { type UnmountParams, unmount } from '../../protocol/messages.ts';
import { toDriveError } from '../errors.ts';
import type { Services } from '../services.ts';
import { contractHome } from '../settings.ts';
import { showWarning, withProgress } from '../ui/messages.ts';
import { closeFolders, confirmLeaving, hasFolders } from './leaveMount.ts';
import { chooseMount } from './targets.ts';

/** "Unmount Jottacloud": waits for uploads with progress; Unmount Anyway keeps the rest for the next mount. */
export function unmountJottacloud(services: Services) {
  return async (argument?: unknown): Promise<boolean> => {
    const mount = await chooseMount(services, argument, vscode.l10n.t('Unmount Jottacloud'));
    if (mount === undefined) return false;
    const { mountPoint } = mount;
    if (!(await confirmLeaving(mountPoint))) return false;
    const unmounted = await unmountAsking(services, mountPoint, canDrain(services) ? 'drain' : 'ask');
    if (unmounted) await closeFolders(mountPoint);
    return unmounted;
  };
}

/**
 * Unmounts, asking about uploads and programs that stand in its way: `ask` does not wait for uploads, `keep` does not ask
 * about them. False when it is not to be.
 */
export async function unmountAsking(
  services: Services,
  mountPoint: string,
  uploads: 'drain' | 'ask' | 'keep',
): Promise<boolean> {
  try {
    if (uploads === 'ask') return await keepPending(services, mountPoint);
    if (uploads === 'keep') return await send(services, mountPoint, 'keep');
    return (await drain(services, mountPoint)) || (await keepPending(services, mountPoint));
  } catch (error) {
    const { code, args } = toDriveError(error);
    if (code === 'pendingUploads') return keepPending(services, mountPoint);
    // What this window's own programs hold goes with the folder, which is about to be closed.
    if (code === 'busy' && hasFolders(mountPoint)) return send(services, mountPoint, 'force');
    if (code === 'busy') return forceUnmount(services, mountPoint, args.holders ?? '');
    throw error;
  }
}

async function send({ client }: Services, mountPoint: string, mode: UnmountParams['mode']): Promise<boolean> {
  await client.request(unmount, { mountPoint, mode });
  return true;
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

async function keepPending(services: Services, mountPoint: string): Promise<boolean> {
  const anyway = vscode.l10n.t('Unmount Anyway');
  const chosen = await showWarning(
    vscode.l10n.t(
      'Changes that are not uploaded yet: {0}. They are kept on this computer and sent with the next mount at the latest.',
      services.client.state.pendingChanges,
    ),
    anyway,
  );
  return chosen === anyway && unmountAsking(services, mountPoint, 'keep');
}

async function forceUnmount(services: Services, mountPoint: string, holders: string): Promise<boolean> {
  const anyway = vscode.l10n.t('Unmount Anyway');
  const place = contractHome(mountPoint);
  const text =
    holders === ''
      ? vscode.l10n.t('Another program still uses {0}. Unmount anyway? Saved changes are kept.', place)
      : vscode.l10n.t('{0} still uses {1}. Unmount anyway? Saved changes are kept.', holders, place);
  const chosen = await showWarning(text, anyway);
  return chosen === anyway && send(services, mountPoint, 'force');
}
