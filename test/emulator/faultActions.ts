import type { HostileVariant } from './hostile.ts';

/** What may befall a request. Those that change the account or its tokens do so before the request is handled. */
export type FaultAction =
  /** Answers this status without doing the work; without `body`, the service's own error form; with it, plain text. */
  | { type: 'status'; status: number; body?: string; headers?: Record<string, string> }
  /** Resets the connection before doing the work. */
  | { type: 'reset' }
  /**
   * Ends the connection after that many body bytes: of the request for an upload, of the response otherwise. With `clean`, the
   * body just ends there, and the length announced says so.
   */
  | { type: 'truncate'; after: number; clean?: boolean }
  /** Like truncate, but the connection stays open and silent; without `after`, the request is never looked at. */
  | { type: 'stall'; after?: number }
  /** Waits before doing the work. */
  | { type: 'delay'; ms: number }
  /** Moves the bodies of this exchange at no more than this. */
  | { type: 'slow'; bytesPerSecond: number }
  /** Flips the first body byte: of the request for an upload, of the response otherwise. */
  | { type: 'corrupt' }
  /** Does the work, then names another md5 wherever the answer has one. */
  | { type: 'wrong-md5' }
  /**
   * Does the work, then answers this status (500 without it), resets the connection or stays silent. `late`: answers when the
   * request is there, and does the work so many ms after, as behind a front that loses patience.
   */
  | { type: 'duplicate'; answer?: number | 'reset' | 'stall'; late?: number }
  /** Does the work twice, as a proxy that repeats a request; the second answer is sent. */
  | { type: 'repeat' }
  /** Sends the answer, then the same bytes once more on the connection. */
  | { type: 'answer-twice' }
  /** Answers a GET from the account as it was when the plan was set. */
  | { type: 'stale' }
  /** Expires the access token the request came with. */
  | { type: 'expire-token' }
  /** Revokes the token family the request came with, by access or refresh token; its access tokens too. */
  | { type: 'revoke' }
  /** Ends every upload URL given out so far. */
  | { type: 'expire-upload-urls' }
  /** From here on the capacity is this many bytes, or what is used already. */
  | { type: 'quota'; capacity?: number }
  /** From here on the account is locked for writing, reading or both; `{}` unlocks it. */
  | { type: 'lock'; write?: boolean; read?: boolean }
  /** Cuts every connection and refuses new ones for that long; the requests under way are not answered. */
  | { type: 'outage'; ms: number }
  /** Answers 200 with something no client should believe; `bytes` is the size of the variant `huge`. */
  | { type: 'hostile'; variant: HostileVariant; bytes?: number };

export type FaultType = FaultAction['type'];
