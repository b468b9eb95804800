import * as vscode from 'vscode';
import type { DriveErrorCode } from '../../protocol/errors.ts';
import { toDriveError } from '../errors.ts';
import { getErrorSentence } from '../errorTexts.ts';

type Factory = (messageOrUri: string | vscode.Uri) => vscode.FileSystemError;

/** What VS Code tells apart; it words these itself. Everything else is `Unavailable` with our sentence. */
const kinds: Partial<Record<DriveErrorCode, Factory>> = {
  notFound: vscode.FileSystemError.FileNotFound,
  alreadyExists: vscode.FileSystemError.FileExists,
  isFolder: vscode.FileSystemError.FileIsADirectory,
  notAFolder: vscode.FileSystemError.FileNotADirectory,
};
const refusals: readonly DriveErrorCode[] = ['readOnly', 'onlyReadable', 'notChangeable', 'forbidden', 'writeLocked'];

/** A failure of the drive as the error kind that callers of a file system look for. */
export function toFileSystemError(error: unknown, uri: vscode.Uri): vscode.FileSystemError {
  if (error instanceof vscode.FileSystemError) return error;
  const { code, args } = toDriveError(error);
  const known = kinds[code];
  if (known !== undefined) return known(uri);
  const sentence = getErrorSentence(code, args);
  return refusals.includes(code)
    ? vscode.FileSystemError.NoPermissions(sentence)
    : vscode.FileSystemError.Unavailable(sentence);
}
