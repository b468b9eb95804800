import * as vscode from 'vscode';
import { DriveError } from '../../protocol/errors.ts';
import { signIn } from '../../protocol/messages.ts';
import { toDriveError } from '../errors.ts';
import { getErrorSentence } from '../errorTexts.ts';
import { isLoginToken } from '../loginToken.ts';
import type { Services } from '../services.ts';
import { inert } from '../ui/inert.ts';
import { showWarning } from '../ui/messages.ts';

const securityPage = 'https://www.jottacloud.com/web/secure';

/** Throws DriveError; 'loginTokenMalformed' before any request is made, and before the drive is started for it. */
export async function signInWith({ client, fuse }: Services, token: string): Promise<void> {
  if (!isLoginToken(token)) throw new DriveError('loginTokenMalformed');
  const loginToken = token.trim();
  try {
    await client.request(signIn, { loginToken });
  } catch (error) {
    const { code, args } = toDriveError(error);
    const confirmedHost = args.host;
    if (code !== 'loginHostUnknown' || confirmedHost === undefined || !(await confirmHost(confirmedHost))) throw error;
    await client.request(signIn, { loginToken, confirmedHost });
  }
  void fuse.update();
}

/** Whoever made the token chose where its secret is sent: the person says whether that is meant. */
async function confirmHost(host: string): Promise<boolean> {
  const send = vscode.l10n.t('Sign In There');
  const chosen = await showWarning(
    vscode.l10n.t('Sign in at {0}?', host),
    {
      modal: true,
      detail: vscode.l10n.t(
        'No known brand of Jottacloud signs in there. The login token and your files would be entrusted to it.',
      ),
    },
    send,
  );
  return chosen === send;
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
      box.validationMessage = inert(getErrorSentence(failure.code, failure.args));
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
      box.validationMessage = wrong ? inert(getErrorSentence('loginTokenMalformed', {})) : undefined;
    });
    box.onDidAccept(async () => {
      if (await submit()) finish(true);
    });
    box.onDidHide(() => finish(services.client.state.account !== null));
    box.show();
  });
}
