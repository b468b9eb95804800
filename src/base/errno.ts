import { constants } from 'node:os';

export type ErrnoCode = keyof typeof constants.errno;

/** A file operation's refusal, in the caller's terms. `cause` says why, for the log. */
export class ErrnoError extends Error {
  readonly code: ErrnoCode;

  constructor(code: ErrnoCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.name = 'ErrnoError';
    this.code = code;
  }
}

/** macOS says ENOATTR, which node:os does not name, where others say ENODATA: "no such extended attribute". */
const darwinNoAttribute = 93;

/** Positive errno number on this platform. */
export function errnoNumber(code: ErrnoCode): number {
  return code === 'ENODATA' && process.platform === 'darwin' ? darwinNoAttribute : constants.errno[code];
}

/** The code of a failed `node:fs` call, when it has one. */
export function fsErrorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
