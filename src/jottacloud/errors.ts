/**
 * Everything that can go wrong between this client and the service. Closed: callers map each kind once.
 * The kinds of HTTP answers come from PROTOCOL.md §2.9 and §3.3 (see httpErrors.ts for the mapping).
 */
export type JottaErrorKind =
  /** DNS, connect or reset; also: the rotated tokens cannot be stored right now. */
  | 'offline'
  /** One of this client's deadlines passed (limits.ts). */
  | 'timeout'
  /** Access refused although the token was renewed. */
  | 'unauthorized'
  /** `invalid_grant`: the tokens are dead and a new login token is needed. */
  | 'signedOut'
  | 'forbidden'
  /** Nothing live and complete at that path. */
  | 'notFound'
  /** UniqueFileException, or the destination is taken. */
  | 'conflict'
  /** 460: no room, or the service refuses more bytes for now. */
  | 'quota'
  | 'writeLocked'
  /** The service does not take this new name, or it cannot be put on the wire. */
  | 'invalidName'
  /** Requests about what is there are refused for a name in its path. */
  | 'unreachableName'
  /** Fewer bytes than promised, in either direction. */
  | 'incomplete'
  /** Other bytes than promised: md5, length or total size differ. */
  | 'corrupt'
  /** 416. */
  | 'range'
  /** 5xx, 429, 509. */
  | 'server'
  /** An answer that cannot be understood. */
  | 'protocol'
  | 'cancelled'
  /** The server's certificate, or an https proxy's, is not trusted. */
  | 'certificate'
  /** The proxy refuses the connection: it wants a password (407), or its rules say no; or its address is unreadable. */
  | 'proxy';

/** Kinds for which the same call may succeed later without anyone changing anything. */
const retryableKinds: ReadonlySet<JottaErrorKind> = new Set(['offline', 'timeout', 'server', 'incomplete']);

export interface JottaErrorDetails {
  readonly status?: number | undefined;
  readonly cause?: unknown;
  /** Overrides the default for the kind. */
  readonly retryable?: boolean;
  /** The header Retry-After as it came: seconds or a date. */
  readonly retryAfter?: string | undefined;
}

/** The one error class of this layer. The message is for logs and never holds a token or a URL. */
export class JottaError extends Error {
  override readonly name = 'JottaError';
  readonly kind: JottaErrorKind;
  /** HTTP status, when an answer arrived. */
  readonly status?: number;
  /** True when repeating the whole operation later makes sense. */
  readonly retryable: boolean;
  readonly retryAfter?: string;

  constructor(kind: JottaErrorKind, message: string, details: JottaErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    if (details.status !== undefined) this.status = details.status;
    if (details.retryAfter !== undefined) this.retryAfter = details.retryAfter;
    this.retryable = details.retryable ?? retryableKinds.has(kind);
  }
}

export function isJottaError(error: unknown, kind?: JottaErrorKind): error is JottaError {
  return error instanceof JottaError && (kind === undefined || error.kind === kind);
}

const refusals: readonly JottaErrorKind[] = [
  'forbidden',
  'conflict',
  'quota',
  'writeLocked',
  'invalidName',
  'unreachableName',
];

/** The server did not do it. Of a look, or of a later step, this says nothing about the command before it. */
export function isRefusal(error: unknown): boolean {
  return refusals.some((kind) => isJottaError(error, kind));
}
