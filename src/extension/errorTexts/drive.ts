import * as vscode from 'vscode';
import type { DriveErrorCode } from '../../protocol/errors.ts';
import { type ErrorText, hint, place, reload, settings, transfers } from './parts.ts';

/** The drive process and this computer. */
export const driveTexts = {
  diskFull: {
    sentence: () =>
      vscode.l10n.t('The disk of this computer is full. Free some space, or make the Jottacloud cache smaller.'),
    action: settings('jottacloud.cache'),
  },
  tooManyOpenFiles: {
    sentence: () => vscode.l10n.t('Too many files are open on this computer. Close some programs and try again.'),
  },
  folderNotOurs: {
    sentence: (args) =>
      vscode.l10n.t(
        '{0} on this computer, or a folder above it, belongs to another user, is shared with all users or is a link. Choose another place.',
        place(args),
      ),
  },
  folderNotAbsolute: {
    sentence: (args) =>
      vscode.l10n.t(
        'The environment variable {0} must be an absolute path. Correct it and restart VS Code.',
        args.name ?? '',
      ),
  },
  localAccess: {
    sentence: (args) =>
      vscode.l10n.t('{0} on this computer may not be read or written. Choose another place.', place(args)),
  },
  sourceChanged: {
    sentence: (args) => vscode.l10n.t('{0} was changed while it was read. Try again.', place(args)),
  },
  stateInUse: {
    sentence: () =>
      vscode.l10n.t('Another Jottacloud drive uses the same files on this computer. Stop it and try again.'),
  },
  versionMismatch: {
    sentence: () => vscode.l10n.t('The Jottacloud extension was updated. Reload the window to use the new version.'),
    action: reload,
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
        'The Jottacloud drive does not run here ({0}). It runs on Windows, on Linux and on macOS 13.5 or later. Elsewhere, use it in a remote window: SSH, WSL, a container or code-server.',
        detail,
      ),
  },
  nodeMissing: {
    sentence: () =>
      vscode.l10n.t(
        'This package of the extension needs Node.js 22.13 or later. Update VS Code, or install Node.js and restart VS Code.',
      ),
    action: () => ({
      title: vscode.l10n.t('Get Node.js'),
      command: 'vscode.open',
      args: [vscode.Uri.parse('https://nodejs.org/')],
    }),
  },
  invalidParams: {
    sentence: () => vscode.l10n.t('The Jottacloud drive did not understand this window. Reload the window.'),
  },
  internal: {
    sentence: () => vscode.l10n.t('Something went wrong in the Jottacloud drive. Try again; the log says more.'),
  },
} as const satisfies Partial<Record<DriveErrorCode, ErrorText>>;
