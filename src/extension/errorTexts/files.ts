import path from 'node:path';
import * as vscode from 'vscode';
import type { DriveErrorCode } from '../../protocol/errors.ts';
import { type ErrorText, place, settings, transfers } from './parts.ts';

/** Files and folders, and their transfers. */
export const filesTexts = {
  notHere: {
    sentence: (args) =>
      vscode.l10n.t(
        '{0} is not on this computer, and Jottacloud cannot be reached. It opens when the network is back; files that are kept offline open without it.',
        path.posix.basename(place(args)),
      ),
    action: (args) => ({ title: vscode.l10n.t('Try Again'), command: 'jottacloud.open', args: [args.path] }),
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
    sentence: (args) =>
      args.unusable === undefined
        ? vscode.l10n.t('{0} is not empty. Move or delete what is in it first.', place(args))
        : vscode.l10n.t(
            'Jottacloud tells of something in {0} that cannot be shown here, so the folder is kept. Look at it on the web.',
            place(args),
          ),
  },
  invalidName: {
    sentence: (args) =>
      vscode.l10n.t('Jottacloud does not accept the name {0}. Choose another one.', args.name ?? place(args)),
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
  notChangeable: {
    sentence: (args) =>
      vscode.l10n.t(
        '{0} cannot be created, moved or deleted: only what is inside Archive, Sync and the like can.',
        place(args),
      ),
    action: () => ({
      title: vscode.l10n.t('Show Archive'),
      command: 'jottacloud.revealInFiles',
      args: ['/Jotta/Archive'],
    }),
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
} as const satisfies Partial<Record<DriveErrorCode, ErrorText>>;
