import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import { ErrnoError, fsErrorCode, isDiskFull } from '../../base/errno.ts';
import { OwnershipError, UnusableFolderError } from '../../base/ownFiles.ts';
import { isJottaError, type JottaErrorKind } from '../../jottacloud/errors.ts';
import { DriveError, type DriveErrorCode, type DriveErrorData } from '../../protocol/errors.ts';
import { isRemoteError, type RemoteErrorKind } from '../../sync/tree/remote.ts';

const jottaCodes: Partial<Record<JottaErrorKind, DriveErrorCode>> = {
  offline: 'offline',
  timeout: 'timeout',
  certificate: 'certificateUntrusted',
  proxy: 'proxyRefused',
  unauthorized: 'signedOut',
  signedOut: 'signedOut',
  forbidden: 'forbidden',
  notFound: 'notFound',
  conflict: 'alreadyExists',
  quota: 'quota',
  writeLocked: 'writeLocked',
  invalidName: 'invalidName',
  unreachableName: 'unreachableName',
  server: 'offline',
};
const remoteCodes: Partial<Record<RemoteErrorKind, DriveErrorCode>> = {
  offline: 'offline',
  server: 'offline',
  incomplete: 'offline',
  signedOut: 'signedOut',
  notFound: 'notFound',
  vanished: 'vanished',
  conflict: 'alreadyExists',
  quota: 'quota',
  forbidden: 'forbidden',
  writeLocked: 'writeLocked',
  invalidName: 'invalidName',
  unreachableName: 'unreachableName',
  cancelled: 'shuttingDown',
};
const errnoCodes: Record<string, DriveErrorCode> = {
  ENOENT: 'notFound',
  ENOTDIR: 'notAFolder',
  EISDIR: 'isFolder',
  EEXIST: 'alreadyExists',
  ENOTEMPTY: 'folderNotEmpty',
  // No operation on a volume that is mounted read-only gets this far.
  EROFS: 'onlyReadable',
  EINVAL: 'invalidName',
  ENAMETOOLONG: 'invalidName',
  ETIMEDOUT: 'timeout',
  EACCES: 'signedOut',
  ENOSPC: 'diskFull',
  EDQUOT: 'quota',
  EPERM: 'notChangeable',
  EXDEV: 'notChangeable',
  EBUSY: 'busy',
  ESTALE: 'notFound',
  EFBIG: 'tooLarge',
  ENFILE: 'tooManyOpenFiles',
};
/** What node:fs says about files of this computer that a person named. */
const localCodes: Record<string, DriveErrorCode> = {
  ENOENT: 'notFound',
  EACCES: 'localAccess',
  EPERM: 'localAccess',
  EROFS: 'localAccess',
  EISDIR: 'alreadyExists',
  ENOTDIR: 'alreadyExists',
  EEXIST: 'alreadyExists',
  ENOSPC: 'diskFull',
  EDQUOT: 'diskFull',
  EMFILE: 'tooManyOpenFiles',
  ENFILE: 'tooManyOpenFiles',
};

/** What crosses the socket for any failure; texts of errors stay in the log. */
export function toDriveErrorData(error: unknown): DriveErrorData {
  if (error instanceof DriveError) return { code: error.code, args: error.args };
  if (error instanceof OwnershipError) return { code: 'folderNotOurs', args: { path: error.path } };
  if (error instanceof UnusableFolderError) return { code: 'localAccess', args: { path: error.path } };
  if (isDiskFull(error) && !(error instanceof ErrnoError)) return { code: 'diskFull', args: {} };
  if (isJottaError(error)) return { code: jottaCodes[error.kind] ?? 'internal', args: {} };
  // "Offline" has causes that only a person can mend; those are told.
  if (isRemoteError(error) && error.needsPerson) return toDriveErrorData(error.cause);
  if (isRemoteError(error)) return { code: remoteCodes[error.kind] ?? 'internal', args: {} };
  if (error instanceof ErrnoError) {
    // An operation that failed for want of the server says why in its cause.
    if (isRemoteError(error.cause)) return toDriveErrorData(error.cause);
    return { code: errnoCodes[error.code] ?? 'internal', args: {} };
  }
  const local = localCodes[fsErrorCode(error) ?? ''];
  const { path } = error as NodeJS.ErrnoException;
  if (local !== undefined) return { code: local, args: path === undefined ? {} : { path } };
  return { code: 'internal', args: {} };
}

export function toResponseError(error: unknown): ResponseError<DriveErrorData> {
  const data = toDriveErrorData(error);
  return new ResponseError(ErrorCodes.InternalError, data.code, data);
}
