import * as vscode from 'vscode';

export type Args = Readonly<Record<string, string>>;

/** A button beside the sentence: the next step. `Show Log` follows where the log knows more (report.ts). */
export interface ErrorAction {
  readonly title: string;
  readonly command: string;
  readonly args?: readonly unknown[];
}
export interface ErrorText {
  readonly sentence: (args: Args) => string;
  readonly action?: (args: Args) => ErrorAction;
}

/** Shown where a mount point was refused. */
export const example = '~/CloudMounts/Jottacloud';

export const signIn = (): ErrorAction => ({ title: vscode.l10n.t('Sign In Again'), command: 'jottacloud.connect' });
export const otherFolder = (): ErrorAction => ({
  title: vscode.l10n.t('Choose Another Folder…'),
  command: 'jottacloud.mountFolder',
});
/** Where the drive is on another computer, its settings are that one's, and the user's own show none of them. */
export const settings = (name: string) => (): ErrorAction => ({
  title: vscode.l10n.t('Open Settings'),
  command:
    vscode.env.remoteName === undefined ? 'workbench.action.openSettings' : 'workbench.action.openRemoteSettings',
  args: [{ query: name }],
});
export const reload = (): ErrorAction => ({
  title: vscode.l10n.t('Reload Window'),
  command: 'workbench.action.reloadWindow',
});
export const transfers = (): ErrorAction => ({
  title: vscode.l10n.t('Show Transfers'),
  command: 'jottacloud.showTransfers',
});
export const mounted = (): ErrorAction => ({
  title: vscode.l10n.t('Open Mounted Folder'),
  command: 'jottacloud.openMountedFolder',
});

/** The path an error is about; the drive sends it as `path`, mounting as `mountPoint`. */
export const place = (args: Args): string => args.path ?? args.mountPoint ?? args.source ?? vscode.l10n.t('The folder');
/** The command that helps on this machine, when the drive knows one. */
export const hint = (args: Args): string => (args.hint ? ` ${vscode.l10n.t('Run: {0}', args.hint)}` : '');
