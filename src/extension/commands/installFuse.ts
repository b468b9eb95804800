import * as vscode from 'vscode';
import type { Services } from '../services.ts';

const macFusePage = 'https://macfuse.github.io/';
const linuxCommand = 'sudo apt install fuse3';

/** "Install FUSE…": opens macFUSE's page, or shows the one command for Linux. Browsing works without either. */
export function installFuse({ client, fuse }: Services) {
  return async (): Promise<void> => {
    const again = vscode.l10n.t('Check Again');
    const chosen = process.platform === 'darwin' ? await showMac(again) : await showLinux(fuse.hint, again);
    if (chosen !== again) return;
    await client.attach();
    await fuse.update();
  };
}

async function showMac(again: string): Promise<string | undefined> {
  const openPage = vscode.l10n.t('Open macFUSE');
  const chosen = await vscode.window.showInformationMessage(
    vscode.l10n.t('Mounting needs macFUSE. Install it from its page, allow it in System Settings, then check again.'),
    openPage,
    again,
  );
  if (chosen === openPage) await vscode.env.openExternal(vscode.Uri.parse(macFusePage));
  return chosen;
}

/** The command is typed into a terminal but not run: it asks for a password, and that is the person's to give. */
async function showLinux(hint: string, again: string): Promise<string | undefined> {
  const command = hint === '' ? linuxCommand : hint;
  const openTerminal = vscode.l10n.t('Open Terminal');
  const chosen = await vscode.window.showInformationMessage(
    vscode.l10n.t('Mounting needs FUSE 3. Run this, then check again: {0}', command),
    openTerminal,
    again,
  );
  if (chosen === openTerminal) {
    const terminal = vscode.window.createTerminal('Jottacloud');
    terminal.show();
    terminal.sendText(command, false);
  }
  return chosen;
}
