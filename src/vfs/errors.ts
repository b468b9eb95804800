import { type ErrnoCode, ErrnoError, fsErrorCode, isDiskFull, isOutOfFiles } from '../base/errno.ts';
import { isRemoteError, type RemoteErrorKind } from '../sync/tree/remote.ts';

/** What a file operation that needs the server answers when the server does not (SEMANTICS.md, errno table). */
const remoteErrno: Record<RemoteErrorKind, ErrnoCode> = {
  offline: 'ETIMEDOUT',
  server: 'ETIMEDOUT',
  incomplete: 'ETIMEDOUT',
  // The session is over. EINTR would be repeated at once, for ever, by every program that restarts interrupted calls.
  cancelled: 'ENOTCONN',
  signedOut: 'EACCES',
  writeLocked: 'EACCES',
  forbidden: 'EACCES',
  invalidName: 'EINVAL',
  unreachableName: 'EOPNOTSUPP',
  notFound: 'ESTALE',
  vanished: 'ESTALE',
  conflict: 'EEXIST',
  quota: process.platform === 'darwin' ? 'ENOSPC' : 'EDQUOT',
};

/** Any failure as the errno its caller understands; EIO only for what nothing above explains. */
export function toErrno(error: unknown): ErrnoError {
  if (error instanceof ErrnoError) return error;
  if (isRemoteError(error)) return new ErrnoError(remoteErrno[error.kind], error.message, { cause: error });
  const code = fsErrorCode(error);
  if (code === 'EFBIG') return new ErrnoError('EFBIG', 'larger than the local disk takes', { cause: error });
  if (isDiskFull(error)) return new ErrnoError('ENOSPC', 'the local disk is full', { cause: error });
  // For a program that has few files open, EMFILE would say that it has too many.
  if (isOutOfFiles(error)) return new ErrnoError('ENFILE', 'the drive can open no more files', { cause: error });
  return new ErrnoError('EIO', 'unexpected failure', { cause: error });
}
