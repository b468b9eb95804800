/** Every tunable of the client, in one place. Times are ms, sizes bytes. */
export interface ClientLimits {
  /** From the start of a request to its status line: DNS, connect, TLS, server. 15 s is what a person will wait once. */
  readonly firstByteMs: number;
  /** A whole small metadata call with all its tries. Twice `firstByteMs`: one stall may be survived, two may not. */
  readonly metadataMs: number;
  /**
   * First byte of a command that changes a tree (mvDir, dlDir, mkDir, cp…). Longer than for reads because the server
   * may work through the tree before it answers (guess; PROTOCOL.md §2.3 reports slow moves answered 5xx). Also of a download
   * of a file that went silent before.
   */
  readonly commandFirstByteMs: number;
  /** A whole command with all its tries. */
  readonly commandMs: number;
  /** One folder with all its tries: twice the wait for its first byte, and the longest listing allowed at 2 MB/s. */
  readonly listingMs: number;
  /**
   * First byte of a listing: "long wait on huge trees" (PROTOCOL.md §2.8, §6); rclone waits 5 min. Who opened the folder is
   * answered earlier, and finds the listing there the next time.
   */
  readonly listingFirstByteMs: number;
  /** The whole of a recursive listing, several times what the largest one should take. Without it, a byte now and then would do. */
  readonly listStreamMs: number;
  /** Silence inside a body, in either direction, that counts as a dead connection. Bodies have no total limit. */
  readonly bodyIdleMs: number;
  /**
   * The same where silence may be work: in a listing, before the connection takes more of an upload, and in a download of a
   * file that went silent before. rclone waits 5 min everywhere.
   */
  readonly patientIdleMs: number;
  /**
   * From the last byte sent to the answer of an upload, and so much more for each GiB of it: kernel buffers drain and the server
   * hashes. rclone waits 5 min, AeroFTP 30.
   */
  readonly uploadAnswerMs: number;
  readonly uploadAnswerMsPerGib: number;
  /** One token call. Long, and never cut short by a caller: an answer lost is a token family lost (§1.2). */
  readonly tokenMs: number;
  /** The access token is renewed this long before it expires, so that it does not die on the way to the server. */
  readonly refreshAheadMs: number;
  /**
   * The same for the token an upload starts with, which the server may look at again at the end (PROTOCOL.md
   * §1.3: uploads longer than a token's life died). Never more than half a token's life.
   */
  readonly uploadRefreshAheadMs: number;
  /**
   * A refused token is replaced `refusedTokens` times in so long at most, and only once if the new one is refused from the
   * start: a refusal that lasts is not about tokens, and every refresh is a risk to the sign-in.
   */
  readonly refusedTokenMs: number;
  readonly refusedTokens: number;
  /** While an upload runs, the token is looked at this often and renewed when it is due, as rclone does (§1.3). */
  readonly uploadRenewEveryMs: number;
  /** Tries in all for calls that may be repeated. */
  readonly tries: number;
  /** First backoff; doubles with each try, with full jitter. */
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
  /** Longest wait that a server's Retry-After gets from one call; callers that push in the background wait longer. */
  readonly retryAfterCapMs: number;
  /** One listing. About a million entries; a real folder has at most thousands. */
  readonly maxXmlBytes: number;
  /** One JSON body; the largest known is about 1 KiB. */
  readonly maxJsonBytes: number;
  /** Connections per host. Callers bound their own concurrency; this only stops a runaway. */
  readonly maxSockets: number;
  /** An idle connection is closed after this; shorter than common server and NAT timeouts of 60 s. */
  readonly idleSocketMs: number;
  /** Between pings of the event socket, which cost next to nothing and are what tells first that a network went away silently. */
  readonly eventPingMs: number;
  /**
   * Silence of the event socket that counts as a dead connection. Looked at with each ping: one that is not answered before the
   * next is due, 10 to 20 s after the loss. A wrong guess costs a connection and a poll.
   */
  readonly eventSilenceMs: number;
  /** One frame of the event socket. An event is below 2 KiB; the longest path there can be is about 100 KiB. */
  readonly eventFrameBytes: number;
  /** First wait before the event socket is connected again; doubles with each failure, with jitter. */
  readonly eventBackoffBaseMs: number;
  readonly eventBackoffCapMs: number;
  /** Wait after the account was refused an event socket. */
  readonly eventRefusedMs: number;
}

export const defaultLimits: ClientLimits = {
  firstByteMs: 15_000,
  metadataMs: 30_000,
  commandFirstByteMs: 60_000,
  commandMs: 120_000,
  listingMs: 900_000,
  listingFirstByteMs: 300_000,
  listStreamMs: 1_800_000,
  bodyIdleMs: 30_000,
  patientIdleMs: 300_000,
  uploadAnswerMs: 300_000,
  uploadAnswerMsPerGib: 120_000,
  tokenMs: 60_000,
  refreshAheadMs: 60_000,
  uploadRefreshAheadMs: 1_200_000,
  refusedTokenMs: 600_000,
  refusedTokens: 3,
  uploadRenewEveryMs: 30_000,
  tries: 4,
  backoffBaseMs: 250,
  backoffCapMs: 8_000,
  retryAfterCapMs: 20_000,
  maxXmlBytes: 512 * 1024 * 1024,
  maxJsonBytes: 1024 * 1024,
  maxSockets: 128,
  idleSocketMs: 30_000,
  eventPingMs: 10_000,
  eventSilenceMs: 15_000,
  eventFrameBytes: 256 * 1024,
  eventBackoffBaseMs: 1_000,
  eventBackoffCapMs: 300_000,
  eventRefusedMs: 3_600_000,
};
