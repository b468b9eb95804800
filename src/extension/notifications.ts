import * as vscode from 'vscode';
import { watchConflicts } from './notices/conflicts.ts';
import { watchCreatedAbove } from './notices/createdAbove.ts';
import { watchMounts } from './notices/fallenMounts.ts';
import { watchReadOnlySaves } from './notices/readOnlySaves.ts';
import { watchRefusals } from './notices/refusals.ts';
import { watchRescued } from './notices/rescued.ts';
import { watchSavesOfDeleted } from './notices/savedAgain.ts';
import { watchSignOut } from './notices/signOut.ts';
import { markUnmountedTabs } from './notices/unmountedTabs.ts';
import type { Services } from './services.ts';

/**
 * The few messages that come unasked, each only when the person must act, once per cause, and in one window: all windows
 * follow what happens, the one that speaks tells it.
 */
export function createNotifications(services: Services): vscode.Disposable {
  const { client, report } = services;
  return vscode.Disposable.from(
    watchSignOut(services),
    watchConflicts(services),
    watchRefusals(services),
    watchMounts(services),
    watchRescued(services),
    watchReadOnlySaves(services),
    watchSavesOfDeleted(services),
    markUnmountedTabs(services),
    watchCreatedAbove(services),
    client.onDidFail((error) => void (client.isNotifying && report(error))),
  );
}
