/**
 * Every failure a person can meet has a code here; the extension owns the sentence for it.
 * The record type in the extension is keyed over all codes, so none can be forgotten.
 */
export const driveErrorCodes = [
  'loginTokenMalformed',
  'loginTokenUsed',
  'loginHostUnknown',
  'signInRefused',
  'signInEnded',
  'signInAddressWrong',
  'signInPortBusy',
  'signedOut',
  'offline',
  'notHere',
  'timeout',
  'certificateUntrusted',
  'proxyRefused',
  'forbidden',
  'notFound',
  'alreadyExists',
  'readOnly',
  'onlyReadable',
  'isFolder',
  'notAFolder',
  'folderNotEmpty',
  'invalidName',
  'unreachableName',
  'stopped',
  'vanished',
  'powerLost',
  'quota',
  'writeLocked',
  'diskFull',
  'tooManyOpenFiles',
  'folderNotOurs',
  'folderNotAbsolute',
  'busy',
  'fuseMissing',
  'fuseNotAllowed',
  'fuseTooOld',
  'packageCannotMount',
  'systemCannotMount',
  'nfsMissing',
  'nfsNotAllowed',
  'mountPointNotEmpty',
  'mountPointReserved',
  'mountPointNotWritable',
  'mountPointNotAFolder',
  'mountPointNested',
  'alreadyMounted',
  'notMounted',
  'sourceNotFound',
  'stateInUse',
  'versionMismatch',
  'wrongAccount',
  'pendingUploads',
  'pinnedAbove',
  'tooLarge',
  'notChangeable',
  'localAccess',
  'sourceChanged',
  'shuttingDown',
  'unsupported',
  'nodeMissing',
  'invalidParams',
  'internal',
] as const;

export type DriveErrorCode = (typeof driveErrorCodes)[number];

/** What crosses the socket with a failed request: `data` of a JSON-RPC error. `args` fill the sentence in the extension. */
export interface DriveErrorData {
  readonly code: DriveErrorCode;
  readonly args: Readonly<Record<string, string>>;
}

/** Thrown by the drive on purpose; anything else becomes `internal`. The message is for the log, never for a person. */
export class DriveError extends Error {
  readonly code: DriveErrorCode;
  readonly args: Readonly<Record<string, string>>;

  constructor(code: DriveErrorCode, args: Readonly<Record<string, string>> = {}, options?: ErrorOptions) {
    super(`${code} ${JSON.stringify(args)}`, options);
    this.name = 'DriveError';
    this.code = code;
    this.args = args;
  }
}

/** Boundary check for the error data of a response. */
export function parseDriveErrorData(data: unknown): DriveErrorData | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { code, args } = data as { code?: unknown; args?: unknown };
  const known = driveErrorCodes.find((candidate) => candidate === code);
  if (known === undefined) return undefined;
  const texts: Record<string, string> = {};
  for (const [key, value] of Object.entries((args as object | null) ?? {})) {
    if (typeof value === 'string') texts[key] = value;
  }
  return { code: known, args: texts };
}
