import * as vscode from 'vscode';
import { freeUpSpace, pin, removeOfflineCopy } from '../../protocol/fileMessages.ts';
import type { Services } from '../services.ts';
import { formatBytes } from '../views/format.ts';
import { signInIfNeeded } from './connect.ts';
import { chooseItems, describeItems, findActivePath, tell } from './items.ts';

/** "Keep Offline": fetched ahead, kept fresh, never evicted. */
export function keepOffline(services: Services) {
  return async (argument?: unknown, selection?: unknown): Promise<boolean> => {
    const paths = await chooseItems(
      services,
      argument ?? findActivePath(services),
      selection,
      vscode.l10n.t('Keep Offline'),
    );
    if (paths === undefined) return false;
    for (const path of paths) await services.client.request(pin, { path });
    tell(vscode.l10n.t('{0} is kept offline', describeItems(paths)));
    return true;
  };
}

/** "Remove Offline Copy": ends Keep Offline, and frees the bytes. Resolves with how many. */
export function removeOffline(services: Services) {
  return async (argument?: unknown, selection?: unknown): Promise<number | undefined> => {
    const paths = await chooseItems(
      services,
      argument ?? findActivePath(services),
      selection,
      vscode.l10n.t('Remove Offline Copy'),
    );
    if (paths === undefined) return undefined;
    let freed = 0;
    for (const path of paths) freed += (await services.client.request(removeOfflineCopy, { path })).freedBytes;
    tell(vscode.l10n.t('Freed {0} on this computer', formatBytes(freed)));
    return freed;
  };
}

/** "Free Up Space": evicts all that is clean and not kept offline. Resolves with the bytes freed. */
export function freeSpace(services: Services) {
  return async (): Promise<number | undefined> => {
    if (!(await signInIfNeeded(services))) return undefined;
    const { freedBytes } = await services.client.call(freeUpSpace);
    tell(vscode.l10n.t('Freed {0} on this computer', formatBytes(freedBytes)));
    return freedBytes;
  };
}
