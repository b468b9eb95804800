import { ConnectionError, ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import { DriveError, parseDriveErrorData } from '../protocol/errors.ts';

const linkLost: readonly number[] = [
  ErrorCodes.PendingResponseRejected,
  ErrorCodes.ConnectionInactive,
  ErrorCodes.MessageWriteError,
  ErrorCodes.MessageReadError,
];

/** Any failure as a DriveError: what the drive said, `shuttingDown` when the link broke, else `internal`. */
export function toDriveError(error: unknown): DriveError {
  if (error instanceof DriveError) return error;
  if (error instanceof ResponseError) {
    const data = parseDriveErrorData(error.data);
    if (data !== undefined) return new DriveError(data.code, data.args, { cause: error });
    if (linkLost.includes(error.code)) return new DriveError('shuttingDown', {}, { cause: error });
  }
  if (error instanceof ConnectionError) return new DriveError('shuttingDown', {}, { cause: error });
  return new DriveError('internal', {}, { cause: error });
}
