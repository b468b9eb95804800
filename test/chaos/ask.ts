import type { RequestType, RequestType0 } from 'vscode-jsonrpc';
import { CancellationTokenSource, type MessageConnection } from 'vscode-jsonrpc/node';
import { type DriveErrorCode, type DriveErrorData, parseDriveErrorData } from '../../src/protocol/errors.ts';
import { add } from './counts.ts';
import type { Answer } from './hands.ts';
import { type Outcome, observe, type Stage } from './stage.ts';
import { Violation } from './violation.ts';

type Request<P, R> = RequestType<P, R, DriveErrorData> | RequestType0<R, DriveErrorData>;

/** Whoever waits for a window gives up after this long; the request then ends soon. ms. */
const patienceMs = 20_000;
const endsInMs = 60_000;

/** What the mount would have answered; others stay as they are. */
const errnos: Partial<Record<DriveErrorCode, string>> = {
  notFound: 'ENOENT',
  alreadyExists: 'EEXIST',
  isFolder: 'EISDIR',
  notAFolder: 'ENOTDIR',
  folderNotEmpty: 'ENOTEMPTY',
  busy: 'EBUSY',
  diskFull: 'ENOSPC',
  timeout: 'ETIMEDOUT',
  offline: 'ETIMEDOUT',
  signedOut: 'EACCES',
  forbidden: 'EACCES',
  quota: 'EDQUOT',
  vanished: 'ESTALE',
  internal: 'EIO',
};

/** One request of the window, called off after `cancelMs` when that is given. */
export async function ask<P, R>(
  stage: Stage,
  lane: string,
  type: Request<P, R>,
  params: P,
  cancelMs: number = patienceMs,
): Promise<Outcome<R>> {
  const { drive, counts } = stage;
  await drive.whenUp;
  const { rpc } = drive.window;
  const outcome = await observe(stage, `${lane} ${type.method} ${describe(params)}`, () =>
    send(rpc, type, params, cancelMs),
  );
  add(counts.requests, outcome.cancelled ? `${type.method} called off` : type.method);
  return outcome;
}

async function send<P, R>(
  rpc: MessageConnection,
  type: Request<P, R>,
  params: P,
  cancelMs: number,
): Promise<Answer<R>> {
  const source = new CancellationTokenSource();
  let isCancelled = false;
  const cancelling = setTimeout(() => {
    isCancelled = true;
    source.cancel();
  }, cancelMs);
  const answered = Promise.withResolvers<never>();
  const overdue = setTimeout(() => {
    answered.reject(
      new Violation([`a request did not end in ${endsInMs / 1000} s after it was called off: ${type.method}`]),
    );
  }, cancelMs + endsInMs);
  try {
    const given = params === undefined ? [source.token] : [params, source.token];
    // By name: the typed overloads do not resolve for a generic type.
    const value = await Promise.race([rpc.sendRequest<R>(type.method, ...given), answered.promise]);
    return { value };
  } catch (error) {
    if (error instanceof Violation) throw error;
    const data = parseDriveErrorData((error as { data?: unknown }).data);
    // Without data the connection ended before an answer came.
    if (data === undefined) return { code: 'ENOTCONN' };
    return { code: isCancelled ? 'ECANCELED' : (errnos[data.code] ?? data.code) };
  } finally {
    clearTimeout(cancelling);
    clearTimeout(overdue);
    source.dispose();
  }
}

function describe(params: unknown): string {
  return JSON.stringify(params, (_key, value) =>
    typeof value === 'string' && value.length > 300 ? `${value.length} characters` : value,
  );
}
