import type { CancellationToken, MessageConnection, RequestType, RequestType0 } from 'vscode-jsonrpc/node';
import type { Log } from '../../base/log.ts';
import type { DriveErrorData } from '../../protocol/errors.ts';
import { parseParams } from '../../protocol/params.ts';
import type { Answer } from '../files/handlers.ts';
import { toResponseError } from './rpcErrors.ts';

/** Handlers whose failures become DriveErrorData and a line in the log; a cancelled request aborts its signal. */
export function serveOn(connection: MessageConnection, log: Log): Answer {
  const guard = async (method: string, work: () => unknown): Promise<unknown> => {
    try {
      return await work();
    } catch (error) {
      log.warn('request failed', { method, error });
      throw toResponseError(error);
    }
  };
  // Registered by name: the typed overloads do not resolve for a generic type; `request` and `plain` keep the types.
  return {
    request<P, R>(type: RequestType<P, R, DriveErrorData>, work: (params: P, signal: AbortSignal) => R | Promise<R>) {
      // A list of parameters comes as so many arguments; the token is the last one whatever they are.
      connection.onRequest(type.method, (...given: unknown[]) =>
        guard(type.method, () => {
          const token = given.at(-1) as CancellationToken;
          const params = given.length > 2 ? given.slice(0, -1) : given.slice(0, -1)[0];
          return work(parseParams(type, params), toSignal(token));
        }),
      );
    },
    plain<R>(type: RequestType0<R, DriveErrorData>, work: () => R | Promise<R>) {
      connection.onRequest(type.method, () => guard(type.method, work));
    },
  };
}

function toSignal(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}
