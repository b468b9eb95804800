import * as vscode from 'vscode';
import type { Log } from '../base/log.ts';
import type { DriveError, DriveErrorCode } from '../protocol/errors.ts';
import { toDriveError } from './errors.ts';
import { getErrorAction, getErrorSentence } from './errorTexts.ts';
import { showError } from './ui/messages.ts';

/** Errors that their sentence tells whole: the log has nothing to add. */
const ofThePerson: readonly DriveErrorCode[] = [
  ...(['alreadyExists', 'invalidName', 'isFolder', 'notAFolder', 'folderNotEmpty', 'notChangeable'] as const),
  ...(['readOnly', 'onlyReadable', 'tooLarge', 'pinnedAbove', 'notHere', 'alreadyMounted'] as const),
  ...(['mountPointNotEmpty', 'mountPointReserved', 'mountPointNotAFolder', 'mountPointNested', 'notMounted'] as const),
];

export type Reporter = (error: unknown) => DriveError | undefined;

/**
 * Shows a failure with its next step, and Show Log where that knows more, and returns it without waiting for an answer; undefined for a
 * cancellation, which is no failure. VS Code itself replaces a message that is still up by its equal.
 */
export function createReporter(log: Log): Reporter {
  return (error) => {
    if (error instanceof vscode.CancellationError) return undefined;
    const failure = toDriveError(error);
    if (failure.code === 'stopped') return undefined;
    log.error('shown to the user', { error: failure });
    void showWithActions(failure);
    return failure;
  };
}

async function showWithActions({ code, args }: DriveError): Promise<void> {
  const showLog = vscode.l10n.t('Show Log');
  const action = getErrorAction(code, args);
  const buttons = [...(action === undefined ? [] : [action.title]), ...(ofThePerson.includes(code) ? [] : [showLog])];
  const chosen = await showError(getErrorSentence(code, args), ...buttons);
  if (chosen === showLog) await vscode.commands.executeCommand('jottacloud.showLog');
  else if (chosen !== undefined && action !== undefined) {
    await vscode.commands.executeCommand(action.command, ...(action.args ?? []));
  }
}
