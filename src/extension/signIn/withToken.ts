import * as vscode from 'vscode';
import { DriveError } from '../../protocol/errors.ts';
import { signIn } from '../../protocol/messages.ts';
import { toDriveError } from '../errors.ts';
import { getErrorSentence } from '../errorTexts.ts';
import { isLoginToken } from '../loginToken.ts';
import type { Services } from '../services.ts';

const securityPage = 'https://www.jottacloud.com/web/secure';

/** Throws DriveError; 'loginTokenMalformed' before any request is made, and before the drive is started for it. */
export async function signInWith({ client, fuse }: Services, token: string): Promise<void> {
  if (!isLoginToken(token)) throw new DriveError('loginTokenMalformed');
  await client.request(signIn, { loginToken: token.trim() });
  void fuse.update();
}

/** The box stays open until a token was taken, so that a refused one can be replaced at once. */
export function askForToken(services: Services): Promise<boolean> {
  const box = vscode.window.createInputBox();
  const help: vscode.QuickInputButton = {
    iconPath: new vscode.ThemeIcon('link-external'),
    tooltip: vscode.l10n.t('Open the Security page of Jottacloud'),
  };
  box.title = vscode.l10n.t('Connect to Jottacloud');
  box.prompt = vscode.l10n.t('Paste a personal login token. Create one on the Security page of Jottacloud.');
  box.placeholder = vscode.l10n.t('Personal login token');
  box.password = true;
  box.ignoreFocusOut = true;
  box.buttons = [help];

  const submit = async (): Promise<boolean> => {
    box.busy = true;
    box.enabled = false;
    try {
      await signInWith(services, box.value);
      return true;
    } catch (error) {
      const failure = toDriveError(error);
      services.log.warn('sign-in failed', { error: failure });
      box.validationMessage = getErrorSentence(failure.code, failure.args);
      return false;
    } finally {
      box.busy = false;
      box.enabled = true;
    }
  };

  return new Promise((resolve) => {
    const finish = (connected: boolean) => {
      resolve(connected);
      box.dispose();
    };
    box.onDidTriggerButton(() => void vscode.env.openExternal(vscode.Uri.parse(securityPage)));
    box.onDidChangeValue((text) => {
      const wrong = text.trim() !== '' && !isLoginToken(text);
      box.validationMessage = wrong ? getErrorSentence('loginTokenMalformed', {}) : undefined;
    });
    box.onDidAccept(async () => {
      if (await submit()) finish(true);
    });
    box.onDidHide(() => finish(services.client.state.account !== null));
    box.show();
  });
}
