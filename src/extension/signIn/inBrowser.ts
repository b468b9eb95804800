import * as vscode from 'vscode';
import {
  awaitSignIn,
  type BrandInfo,
  beginSignIn,
  passSignInAddress,
  type SignInPage,
} from '../../protocol/messages.ts';
import { toDriveError } from '../errors.ts';
import { getErrorSentence } from '../errorTexts.ts';
import type { Services } from '../services.ts';
import { inert } from '../ui/inert.ts';

/**
 * Signs in on a brand's page. The drive waits for the browser to come back to its computer; where that is not the browser's
 * own, the person pastes the address of the page that could not be shown. Throws DriveError; false when the person left.
 */
export async function signInInBrowser(services: Services, brand: BrandInfo): Promise<boolean> {
  const page = {
    title: vscode.l10n.t('Jottacloud for VS Code'),
    done: vscode.l10n.t('You are signed in. Close this page and go back to VS Code.'),
    refused: vscode.l10n.t('You are not signed in. Go back to VS Code to see why.'),
  };
  const begun = await services.client.request(beginSignIn, { brand: brand.key, page });
  // Where the drive is on another computer, VS Code forwards the port from here on.
  await vscode.env.asExternalUri(vscode.Uri.parse(begun.redirectUri));
  await openPage(begun);
  return waitInBox(services, begun, brand);
}

function openPage({ address }: SignInPage): Thenable<boolean> {
  return vscode.env.openExternal(vscode.Uri.parse(address));
}

function waitInBox(services: Services, begun: SignInPage, brand: BrandInfo): Promise<boolean> {
  const { client, fuse } = services;
  const box = createBox(brand);
  const leaving = new vscode.CancellationTokenSource();
  let left = false;
  const pass = async () => {
    box.busy = true;
    box.enabled = false;
    try {
      await client.request(passSignInAddress, { id: begun.id, address: box.value });
    } catch (error) {
      const { code, args } = toDriveError(error);
      box.validationMessage = inert(getErrorSentence(code, args));
    } finally {
      box.enabled = true;
    }
  };
  box.onDidTriggerButton(() => void openPage(begun));
  box.onDidChangeValue(() => {
    box.validationMessage = undefined;
  });
  box.onDidAccept(() => void pass());
  box.onDidHide(() => {
    left = true;
    leaving.cancel();
  });
  box.show();
  return client
    .request(awaitSignIn, { id: begun.id }, leaving.token)
    .then(
      () => {
        void fuse.update();
        return true;
      },
      (error) => {
        if (left) return false;
        throw error;
      },
    )
    .finally(() => {
      box.dispose();
      leaving.dispose();
    });
}

function createBox(brand: BrandInfo): vscode.InputBox {
  const box = vscode.window.createInputBox();
  box.title = inert(vscode.l10n.t('Sign in to {0}', brand.name));
  box.prompt = vscode.l10n.t(
    'Sign in on the page in your browser. If the browser cannot show the last page, copy the address of that page and paste it here.',
  );
  box.placeholder = vscode.l10n.t('Waiting for the browser, or paste the address of its last page');
  box.ignoreFocusOut = true;
  box.busy = true;
  box.buttons = [
    { iconPath: new vscode.ThemeIcon('link-external'), tooltip: vscode.l10n.t('Open the sign-in page again') },
  ];
  return box;
}
