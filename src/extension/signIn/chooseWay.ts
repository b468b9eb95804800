import * as vscode from 'vscode';
import { type BrandInfo, listBrands } from '../../protocol/messages.ts';
import type { Services } from '../services.ts';

/** A brand: on its own page, in the browser. */
export type Way = 'loginToken' | BrandInfo;

interface WayItem extends vscode.QuickPickItem {
  readonly way?: Way;
}

/** How to sign in, the login token first; it can be chosen before the drive has told its brands. undefined when left. */
export function chooseWay({ client, report }: Services): Promise<Way | undefined> {
  const pick = vscode.window.createQuickPick<WayItem>();
  pick.title = vscode.l10n.t('Connect to Jottacloud');
  pick.placeholder = vscode.l10n.t('How do you want to sign in?');
  pick.matchOnDescription = true;
  pick.ignoreFocusOut = true;
  pick.busy = true;
  const byToken: WayItem = {
    label: vscode.l10n.t('Personal login token'),
    detail: vscode.l10n.t('Made on the Security page of Jottacloud. Works wherever your browser is.'),
    iconPath: new vscode.ThemeIcon('key'),
    way: 'loginToken',
  };
  pick.items = [byToken];
  return new Promise((resolve) => {
    let left = false;
    client
      .call(listBrands)
      .then((brands) => {
        if (!left) pick.items = [byToken, inBrowser, ...brands.map(toItem)];
      }, report)
      .finally(() => {
        if (!left) pick.busy = false;
      });
    const finish = (way: Way | undefined) => {
      left = true;
      resolve(way);
      pick.dispose();
    };
    const inBrowser = { label: vscode.l10n.t('In the browser'), kind: vscode.QuickPickItemKind.Separator };
    pick.onDidAccept(() => finish(pick.selectedItems[0]?.way));
    pick.onDidHide(() => finish(undefined));
    pick.show();
  });
}

function toItem(brand: BrandInfo): WayItem {
  return { label: brand.name, description: brand.host, iconPath: new vscode.ThemeIcon('browser'), way: brand };
}
