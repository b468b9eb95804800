import * as vscode from 'vscode';
import { signOut, unmount } from '../../protocol/messages.ts';
import { getLiveMounts } from '../mountedPath.ts';
import type { Services } from '../services.ts';

/** "Disconnect from Jottacloud": unmounts, signs out and forgets the tokens. Asks first when changes are waiting. */
export function disconnect({ client, tokens }: Services) {
  return async (): Promise<boolean> => {
    if (!client.attached && (await tokens.load()) === undefined) return true;
    await client.attach();
    const { pendingChanges, failedChanges } = client.state;
    if (pendingChanges + failedChanges > 0) {
      const anyway = vscode.l10n.t('Disconnect Anyway');
      const chosen = await vscode.window.showWarningMessage(
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
    for (const { mountPoint } of getLiveMounts(client.state)) {
      await client.request(unmount, { mountPoint, mode: 'keep' });
    }
    await client.call(signOut);
    await tokens.clear();
    return true;
  };
}
