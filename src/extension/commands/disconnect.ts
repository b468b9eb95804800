import * as vscode from 'vscode';
import { signOut, signOutAndForget } from '../../protocol/messages.ts';
import { getLiveMounts } from '../mountedPath.ts';
import type { Services } from '../services.ts';
import { showInformation, showWarning } from '../ui/messages.ts';
import { closeFolders, confirmLeaving } from './leaveMount.ts';
import { unmountAsking } from './unmount.ts';

/** "Disconnect from Jottacloud": unmounts, signs out and forgets the tokens. Asks first when changes are waiting, else whether the rest is to go too. */
export function disconnect(services: Services) {
  const { client, tokens, publicItems } = services;
  return async (): Promise<boolean> => {
    if (!client.attached && (await tokens.load()) === undefined) return true;
    await client.attach();
    const mountPoints = getLiveMounts(client.state).map(({ mountPoint }) => mountPoint);
    for (const mountPoint of mountPoints) if (!(await confirmLeaving(mountPoint))) return false;
    const { pendingChanges, failedChanges } = client.state;
    if (pendingChanges + failedChanges > 0) {
      const anyway = vscode.l10n.t('Disconnect Anyway');
      const chosen = await showWarning(
        vscode.l10n.t('Changes that are not uploaded yet: {0}.', pendingChanges + failedChanges),
        {
          modal: true,
          detail: vscode.l10n.t(
            'They stay on this computer and are uploaded when you connect with the same account again.',
          ),
        },
        anyway,
      );
      if (chosen !== anyway) return false;
    }
    const forget = pendingChanges + failedChanges === 0 ? await askToForget() : false;
    if (forget === undefined) return false;
    for (const mountPoint of mountPoints) if (!(await unmountAsking(services, mountPoint, 'keep'))) return false;
    await client.call(forget ? signOutAndForget : signOut);
    await tokens.clear();
    await publicItems.forget();
    for (const mountPoint of mountPoints) await closeFolders(mountPoint);
    return true;
  };
}

/** undefined: not to disconnect at all. */
async function askToForget(): Promise<boolean | undefined> {
  const remove = vscode.l10n.t('Disconnect and Remove');
  const keep = vscode.l10n.t('Disconnect');
  const chosen = await showInformation(
    vscode.l10n.t('Remove the cached files and the names of this account from this computer, too?'),
    {
      modal: true,
      detail: vscode.l10n.t('Nothing in your account changes. What is kept here makes the next connection faster.'),
    },
    keep,
    remove,
  );
  return chosen === undefined ? undefined : chosen === remove;
}
