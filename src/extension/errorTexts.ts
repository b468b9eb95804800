import * as vscode from 'vscode';
import type { DriveErrorCode } from '../protocol/errors.ts';

type Args = Readonly<Record<string, string>>;

/** A button beside the sentence: the next step. `Show Log` follows where the log knows more (report.ts). */
export interface ErrorAction {
  readonly title: string;
  readonly command: string;
  readonly args?: readonly unknown[];
}
interface ErrorText {
  readonly sentence: (args: Args) => string;
  readonly action?: (args: Args) => ErrorAction;
}

/** Shown where a mount point was refused. */
const example = '~/CloudMounts/Jottacloud';

const signIn = (): ErrorAction => ({ title: vscode.l10n.t('Sign In Again'), command: 'jottacloud.connect' });
const otherFolder = (): ErrorAction => ({
  title: vscode.l10n.t('Choose Another Folder…'),
  command: 'jottacloud.mountFolder',
});
/** Where the drive is on another computer, its settings are that one's, and the user's own show none of them. */
const settings = (name: string) => (): ErrorAction => ({
  title: vscode.l10n.t('Open Settings'),
  command:
    vscode.env.remoteName === undefined ? 'workbench.action.openSettings' : 'workbench.action.openRemoteSettings',
  args: [{ query: name }],
});
const reload = (): ErrorAction => ({
  title: vscode.l10n.t('Reload Window'),
  command: 'workbench.action.reloadWindow',
});
const transfers = (): ErrorAction => ({
  title: vscode.l10n.t('Show Transfers'),
  command: 'jottacloud.showTransfers',
});
const mounted = (): ErrorAction => ({
  title: vscode.l10n.t('Open Mounted Folder'),
  command: 'jottacloud.openMountedFolder',
});

/** The path an error is about; the drive sends it as `path`, mounting as `mountPoint`. */
const place = (args: Args): string => args.path ?? args.mountPoint ?? args.source ?? vscode.l10n.t('The folder');
/** The command that helps on this machine, when the drive knows one. */
const hint = (args: Args): string => (args.hint ? ` ${args.hint}` : '');

/** What a person reads for each code: what happened, then what to do. The type sees that no code is forgotten. */
const texts: Record<DriveErrorCode, ErrorText> = {
  loginTokenMalformed: {
    sentence: () =>
      vscode.l10n.t(
        'This is not a personal login token. Create one on the Security page of Jottacloud and paste all of it.',
      ),
    action: signIn,
  },
  loginHostUnknown: {
    sentence: (args) =>
      vscode.l10n.t('This login token leads to {0}, which is not a sign-in page that is known.', args.host ?? ''),
  },
  loginTokenUsed: {
    sentence: () =>
      vscode.l10n.t('This login token was used before or has expired. Create a new one on the Security page.'),
    action: signIn,
  },
  signInRefused: {
    sentence: () => vscode.l10n.t('The sign-in was refused, or given up in the browser. Try again.'),
    action: signIn,
  },
  signInEnded: {
    sentence: () => vscode.l10n.t('The sign-in in the browser was not completed in time. Try again.'),
    action: signIn,
  },
  signInAddressWrong: {
    sentence: () =>
      vscode.l10n.t('This is not the address of the last page of this sign-in. Copy all of it from the browser.'),
  },
  signInPortBusy: {
    sentence: (args) =>
      vscode.l10n.t(
        'Another program on this computer uses port {0}, which a sign-in in the browser needs. Stop it and try again.',
        args.port ?? '',
      ),
    action: signIn,
  },
  signedOut: {
    sentence: () =>
      vscode.l10n.t('Jottacloud asks you to sign in again. Your changes are kept on this computer until then.'),
    action: signIn,
  },
  offline: {
    sentence: () =>
      vscode.l10n.t('Jottacloud cannot be reached. Check the network; changes are kept and sent when it is back.'),
  },
  notHere: {
    sentence: (args) =>
      vscode.l10n.t(
        '{0} is not on this computer, and Jottacloud cannot be reached. It opens when the network is back; Keep Offline has files at hand without it.',
        place(args),
      ),
  },
  timeout: {
    sentence: () => vscode.l10n.t('Jottacloud did not answer in time. Try again in a moment.'),
  },
  certificateUntrusted: {
    sentence: () =>
      vscode.l10n.t(
        'The connection to Jottacloud is not secure: its certificate is not trusted by this computer. If your network checks traffic, install its certificate on this computer.',
      ),
    action: settings('http.systemCertificates'),
  },
  proxyRefused: {
    sentence: () =>
      vscode.l10n.t(
        'The proxy of your network refuses the connection to Jottacloud. Check its address, name and password in the settings.',
      ),
    action: settings('http.proxy'),
  },
  forbidden: {
    sentence: (args) =>
      vscode.l10n.t(
        'Jottacloud does not allow this for {0}. Check the rights of your account, and whether its trash has that name.',
        place(args),
      ),
  },
  notFound: {
    sentence: (args) => vscode.l10n.t('{0} is no longer there. Refresh and try again.', place(args)),
    action: () => ({ title: vscode.l10n.t('Refresh'), command: 'jottacloud.refresh' }),
  },
  alreadyExists: {
    sentence: (args) => vscode.l10n.t('{0} already exists. Choose another name.', place(args)),
  },
  readOnly: {
    sentence: (args) =>
      vscode.l10n.t('{0} is mounted read-only. Mount it again with writing allowed to change it.', place(args)),
    action: settings('jottacloud.mount'),
  },
  onlyReadable: {
    sentence: (args) =>
      vscode.l10n.t('{0} is shared with you and can only be read. Copy it to Archive to change it.', place(args)),
  },
  isFolder: {
    sentence: (args) => vscode.l10n.t('{0} is a folder. Choose a file.', place(args)),
  },
  notAFolder: {
    sentence: (args) => vscode.l10n.t('{0} is not a folder. Choose a folder.', place(args)),
  },
  folderNotEmpty: {
    sentence: (args) => vscode.l10n.t('{0} is not empty. Move or delete what is in it first.', place(args)),
  },
  invalidName: {
    sentence: (args) =>
      vscode.l10n.t('Jottacloud does not take the name {0}. Choose another one.', args.name ?? place(args)),
  },
  unreachableName: {
    sentence: (args) =>
      vscode.l10n.t(
        'Jottacloud refuses every request about {0}, because of a character in that name or in one above it. Rename it on the web, or with the program that made it.',
        args.name ?? place(args),
      ),
  },
  stopped: {
    sentence: () => vscode.l10n.t('You stopped this transfer. Your change is kept on this computer.'),
    action: transfers,
  },
  vanished: {
    sentence: () =>
      vscode.l10n.t('A part of this file is neither on this computer nor in your Jottacloud account any more.'),
    action: transfers,
  },
  powerLost: {
    sentence: () =>
      vscode.l10n.t(
        'The computer lost power before this file was saved for good. What is left of it is in the lost+found folder of the drive.',
      ),
    action: transfers,
  },
  quota: {
    sentence: () =>
      vscode.l10n.t('Your Jottacloud storage is full. Free some space or upgrade; changes are kept until then.'),
    action: transfers,
  },
  writeLocked: {
    sentence: () =>
      vscode.l10n.t(
        'Jottacloud has locked your account for changes. Look at your account on the web; changes are kept until then.',
      ),
    action: transfers,
  },
  diskFull: {
    sentence: () =>
      vscode.l10n.t('The disk of this computer is full. Free some space, or make the Jottacloud cache smaller.'),
    action: settings('jottacloud.cache'),
  },
  notChangeable: {
    sentence: (args) =>
      vscode.l10n.t(
        '{0} cannot be made, moved or deleted: only what lies inside Archive and the like can.',
        place(args),
      ),
    action: () => ({
      title: vscode.l10n.t('Show Archive'),
      command: 'jottacloud.revealInFiles',
      args: ['/Jotta/Archive'],
    }),
  },
  tooManyOpenFiles: {
    sentence: () => vscode.l10n.t('Too many files are open on this computer. Close some programs and try again.'),
  },
  folderNotOurs: {
    sentence: (args) =>
      vscode.l10n.t(
        '{0} on this computer belongs to another user or is a link. Remove it or choose another place.',
        place(args),
      ),
  },
  folderNotAbsolute: {
    sentence: (args) =>
      vscode.l10n.t(
        'The environment variable {0} must be an absolute path. Mend it and start VS Code again.',
        args.name ?? '',
      ),
  },
  localAccess: {
    sentence: (args) =>
      vscode.l10n.t('{0} on this computer may not be read or written. Choose another place.', place(args)),
  },
  tooLarge: {
    sentence: (args) =>
      vscode.l10n.t('{0} is too large to open here. Download it, or mount it and use another program.', place(args)),
    action: (args) => ({
      title: vscode.l10n.t('Download…'),
      command: 'jottacloud.download',
      ...(args.path === undefined ? {} : { args: [args.path] }),
    }),
  },
  pinnedAbove: {
    sentence: (args) =>
      vscode.l10n.t(
        '{0} is kept offline with the folder {1}. Remove the offline copy of that folder.',
        place(args),
        args.folder ?? '',
      ),
  },
  busy: {
    sentence: (args) => vscode.l10n.t('{0} is in use. Close the files and terminals in it and try again.', place(args)),
  },
  fuseMissing: {
    sentence: (args) =>
      vscode.l10n.t('Mounting needs FUSE, which is not installed on this computer. Install it and mount again.') +
      hint(args),
    action: () => ({ title: vscode.l10n.t('How to Install'), command: 'jottacloud.installFuse' }),
  },
  fuseNotAllowed: {
    sentence: (args) =>
      vscode.l10n.t('This computer does not let you use FUSE. Allow it and mount again.') + hint(args),
    action: () => ({ title: vscode.l10n.t('How to Allow It'), command: 'jottacloud.installFuse' }),
  },
  nfsMissing: {
    sentence: (args) => vscode.l10n.t('Volumes cannot be mounted by NFS on this computer.') + hint(args),
  },
  nfsNotAllowed: {
    sentence: (args) => vscode.l10n.t('{0} could not be mounted by NFS. The log says why.', place(args)),
    action: otherFolder,
  },
  fuseTooOld: {
    sentence: (args) =>
      vscode.l10n.t('The installed FUSE is too old. Install the current version and mount again.') + hint(args),
    action: () => ({ title: vscode.l10n.t('How to Install'), command: 'jottacloud.installFuse' }),
  },
  packageCannotMount: {
    sentence: () =>
      vscode.l10n.t(
        'This package of the extension cannot mount. Install the one made for this computer; browsing and editing work without it.',
      ),
  },
  mountPointNotEmpty: {
    sentence: (args) =>
      args.leftBehind === undefined
        ? vscode.l10n.t('{0} is not empty. Choose an empty folder, such as {1}.', place(args), args.proposal ?? example)
        : vscode.l10n.t(
            '{0} holds files that were saved while it was not mounted. Bring them into your account, and it is mounted.',
            place(args),
          ),
    action: (args) =>
      args.leftBehind === undefined
        ? otherFolder()
        : {
            title: vscode.l10n.t('Bring In {0} Files…', args.leftBehind),
            command: 'jottacloud.bringIn',
            args: [{ mountPoint: args.mountPoint }],
          },
  },
  mountPointReserved: {
    sentence: (args) =>
      vscode.l10n.t('{0} is a system folder. Choose a folder of its own, such as {1}.', place(args), example),
    action: otherFolder,
  },
  mountPointNotWritable: {
    sentence: (args) =>
      vscode.l10n.t('You may not write to {0}. Choose a folder of your own, such as {1}.', place(args), example),
    action: otherFolder,
  },
  mountPointNotAFolder: {
    sentence: (args) => vscode.l10n.t('{0} is a file. Choose an empty folder or a new name.', place(args)),
    action: otherFolder,
  },
  mountPointNested: {
    sentence: (args) =>
      vscode.l10n.t('{0} lies inside another mount or the cache. Choose a folder elsewhere.', place(args)),
    action: otherFolder,
  },
  alreadyMounted: {
    sentence: (args) => vscode.l10n.t('{0} is already mounted. Open it, or unmount it first.', place(args)),
    action: mounted,
  },
  notMounted: {
    sentence: () => vscode.l10n.t('Jottacloud is not mounted. Mount it first.'),
    action: () => ({ title: vscode.l10n.t('Mount'), command: 'jottacloud.mount' }),
  },
  sourceNotFound: {
    sentence: (args) => vscode.l10n.t('{0} is not in your account. Choose another folder to mount.', place(args)),
    action: otherFolder,
  },
  stateInUse: {
    sentence: () =>
      vscode.l10n.t('Another Jottacloud drive uses the same files on this computer. Stop it and try again.'),
  },
  versionMismatch: {
    sentence: () => vscode.l10n.t('The Jottacloud extension was updated. Reload the window to use the new version.'),
    action: reload,
  },
  wrongAccount: {
    sentence: (args) =>
      vscode.l10n.t(
        'Changes of {0} are still waiting on this computer. Sign in with that account, or disconnect it first.',
        args.username ?? vscode.l10n.t('another account'),
      ),
    action: signIn,
  },
  pendingUploads: {
    sentence: (args) =>
      vscode.l10n.t('Some changes are not uploaded yet. Wait for them, or unmount anyway.') + hint(args),
    action: transfers,
  },
  shuttingDown: {
    sentence: () => vscode.l10n.t('The Jottacloud drive is restarting. Try again in a moment.'),
  },
  unsupported: {
    sentence: ({ detail = '' }) =>
      vscode.l10n.t(
        'The Jottacloud drive does not run here ({0}). It runs on Linux and on macOS 13.5 or later, with the package of the extension for that system. Elsewhere, use it in a remote window: SSH, WSL, a container or code-server.',
        detail,
      ),
  },
  invalidParams: {
    sentence: () => vscode.l10n.t('The Jottacloud drive did not understand this window. Reload the window.'),
  },
  internal: {
    sentence: () => vscode.l10n.t('Something went wrong in the Jottacloud drive. Try again; the log says more.'),
  },
};

export function getErrorSentence(code: DriveErrorCode, args: Args): string {
  return texts[code].sentence(args).trim();
}

export function getErrorAction(code: DriveErrorCode, args: Args): ErrorAction | undefined {
  return texts[code].action?.(args);
}
