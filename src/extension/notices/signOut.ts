import * as vscode from 'vscode';
import { getErrorSentence } from '../errorTexts.ts';
import type { Services } from '../services.ts';
import { showWarning } from '../ui/messages.ts';

/** Asks once per loss of the session, whichever window asks. */
export function watchSignOut({ client }: Services): vscode.Disposable {
  let asked = false;
  return vscode.Disposable.from(
    client.onDidChangeState(({ account, health }) => {
      if (account !== null && health !== 'signedOut') asked = false;
    }),
    client.onDidSignOut(async () => {
      if (asked) return;
      asked = true;
      if (!client.isNotifying) return;
      const signIn = vscode.l10n.t('Sign In Again');
      const chosen = await showWarning(getErrorSentence('signedOut', {}), signIn);
      if (chosen === signIn) await vscode.commands.executeCommand('jottacloud.connect');
    }),
  );
}
