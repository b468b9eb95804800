import * as vscode from 'vscode';
import type { DriveErrorCode } from '../../protocol/errors.ts';
import { type ErrorText, example, hint, mounted, otherFolder, place } from './parts.ts';

/** Mounting, and where. */
export const mountingTexts = {
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
  systemCannotMount: {
    sentence: () =>
      vscode.l10n.t(
        'Jottacloud cannot be mounted on Windows. Use the Files view, open a folder of the account in VS Code, or mount it on Linux in a remote window: WSL, SSH or a container.',
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
            title:
              args.leftBehind === '1'
                ? vscode.l10n.t('Bring In File…')
                : vscode.l10n.t('Bring In {0} Files…', args.leftBehind),
            command: 'jottacloud.bringIn',
            args: [{ mountPoint: args.mountPoint }],
          },
  },
  mountPointReserved: {
    // Of what is reserved, only the home folder has a proposal.
    sentence: (args) =>
      args.proposal === undefined
        ? vscode.l10n.t('{0} is a system folder. Choose a folder of its own, such as {1}.', place(args), example)
        : vscode.l10n.t('{0} is your home folder. Choose a folder in it, such as {1}.', place(args), args.proposal),
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
} as const satisfies Partial<Record<DriveErrorCode, ErrorText>>;
