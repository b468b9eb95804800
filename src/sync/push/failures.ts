import { isRemoteError, type RemoteErrorKind } from '../tree/remote.ts';

/**
 * When a push that failed is tried again.
 * - `atOnce`: it was given up here, because something newer is to be sent.
 * - `afterWait`: by itself, after a wait that doubles (retries.ts).
 * - `afterListing`: as `afterWait`, and the folders it is about are listed first: the server has moved on.
 * - `whenReachable`: by one push at a time, until the server answers one.
 * - `afterSignIn`: by itself, after a new sign-in.
 * - `whenAccountChanges`: it is refused and kept as a failed row. Every `refusalRetryMs`, after a removal, and soon after room was
 *   made (drive/session/roomWatch.ts): nothing tells that the account has changed.
 * - `byHand`: it is refused and kept as a failed row until the person asks for it, or changes the row.
 */
export type NextTry =
  | 'atOnce'
  | 'afterWait'
  | 'afterListing'
  | 'whenReachable'
  | 'afterSignIn'
  | 'whenAccountChanges'
  | 'byHand';

interface Failure {
  readonly nextTry: NextTry;
  /** The answer says that the server did not do it: nothing of the attempt has to be looked for. */
  readonly isUndone: boolean;
}

/** Every kind of failure, as SEMANTICS.md (Errors) tells it to users. */
const failures: Readonly<Record<RemoteErrorKind, Failure>> = {
  cancelled: { nextTry: 'atOnce', isUndone: false },
  offline: { nextTry: 'whenReachable', isUndone: false },
  server: { nextTry: 'afterWait', isUndone: false },
  incomplete: { nextTry: 'afterWait', isUndone: false },
  signedOut: { nextTry: 'afterSignIn', isUndone: false },
  notFound: { nextTry: 'afterListing', isUndone: true },
  conflict: { nextTry: 'afterListing', isUndone: true },
  quota: { nextTry: 'whenAccountChanges', isUndone: true },
  writeLocked: { nextTry: 'whenAccountChanges', isUndone: true },
  forbidden: { nextTry: 'byHand', isUndone: true },
  invalidName: { nextTry: 'byHand', isUndone: true },
  unreachableName: { nextTry: 'byHand', isUndone: true },
  vanished: { nextTry: 'byHand', isUndone: false },
};

/** What is no answer of the server may pass by itself. */
export function getNextTry(error: unknown): NextTry {
  return isRemoteError(error) ? failures[error.kind].nextTry : 'afterWait';
}

export function isUndone(error: unknown): boolean {
  return isRemoteError(error) && failures[error.kind].isUndone;
}

/** Is a failed row of this kind (`NodeRow.failure`) tried again when the account may have changed? */
export function mayPass(failure: string | null): boolean {
  return failures[failure as RemoteErrorKind]?.nextTry === 'whenAccountChanges';
}
