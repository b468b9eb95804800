import path from 'node:path';
import * as vscode from 'vscode';
import type { ConflictNotice } from '../../protocol/state.ts';
import { dropCopy, keepCopy, parseConflictCopy, showConflict } from '../conflictCopies.ts';
import type { DriveClient } from '../drive/client.ts';
import type { Services } from '../services.ts';
import { chooseItem, findActivePath, tell } from './items.ts';

/** "Compare with Other Version": of a conflicted copy. True when there is one. */
export function compareConflict(services: Services) {
  return act(services, vscode.l10n.t('Compare with Other Version'), async (client, notice) => {
    await showConflict(client, notice);
    return undefined;
  });
}

/** "Keep Mine": the version of this computer becomes the newest of the file. */
export function keepMine(services: Services) {
  return act(services, vscode.l10n.t('Keep Mine'), async (client, notice) => {
    await keepCopy(client, notice);
    return vscode.l10n.t('Kept your version of {0}; the other one is in its history', path.posix.basename(notice.path));
  });
}

/** "Keep Theirs": the conflicted copy goes to the trash. */
export function keepTheirs(services: Services) {
  return act(services, vscode.l10n.t('Keep Theirs'), async (client, notice) => {
    await dropCopy(client, notice);
    return vscode.l10n.t('Kept the other version of {0}; yours is in the trash', path.posix.basename(notice.path));
  });
}

type Act = (client: DriveClient, notice: ConflictNotice) => Promise<string | undefined>;

function act(services: Services, title: string, work: Act) {
  return async (argument?: unknown): Promise<boolean> => {
    const item = await chooseItem(services, argument ?? findActivePath(services), 'file', title);
    if (item === undefined) return false;
    const notice = parseConflictCopy(item);
    if (notice === undefined) {
      tell(vscode.l10n.t('{0} is not a conflicted copy', path.posix.basename(item)));
      return false;
    }
    const done = await work(services.client, notice);
    if (done !== undefined) tell(done);
    return true;
  };
}
