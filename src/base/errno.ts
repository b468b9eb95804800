import { constants } from 'node:os';

export type ErrnoCode = keyof typeof constants.errno;

/**
 * A file operation's refusal, in the caller's terms. `cause` says why, for the log. It is an answer, given thousands of times
 * to who only asks whether there is such a file, and has no stack: to make one takes as long as the rest of the operation.
 */
export class ErrnoError extends Error {
  readonly code: ErrnoCode;

  constructor(code: ErrnoCode, message: string, options?: ErrorOptions) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(`${code}: ${message}`, options);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'ErrnoError';
    this.code = code;
  }
}

/**
 * What macOS says in another word: ENOATTR, which node:os does not name, for "no such extended attribute"; and ENOTSUP for "this
 * file system does not do that", where EOPNOTSUPP is another number and is about sockets.
 */
const darwinNumbers: Partial<Record<ErrnoCode, number>> = { ENODATA: 93, EOPNOTSUPP: 45 };

/** Positive errno number on this platform. */
export function errnoNumber(code: ErrnoCode, platform: NodeJS.Platform = process.platform): number {
  return (platform === 'darwin' ? darwinNumbers[code] : undefined) ?? constants.errno[code];
}

/** The code of a failed `node:fs` call, when it has one. */
export function fsErrorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

/** SQLite's result code for a full disk. */
const sqliteFull = 13;

/** The disk of this computer, or the user's part of it, is full: told by a file operation or by SQLite. */
export function isDiskFull(error: unknown): boolean {
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  return code === 'ENOSPC' || code === 'EDQUOT' || (typeof errcode === 'number' && (errcode & 0xff) === sqliteFull);
}

/** This process, or the system, has no descriptor left. */
export function isOutOfFiles(error: unknown): boolean {
  const code = fsErrorCode(error);
  return code === 'EMFILE' || code === 'ENFILE';
}
