import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { CancellationToken, MessageConnection, RequestType, RequestType0 } from 'vscode-jsonrpc/node';
import { neverAborts } from '../../base/abort.ts';
import type { Log } from '../../base/log.ts';
import { longestFromWindow, openConnection } from '../../protocol/connection.ts';
import type { DriveErrorData } from '../../protocol/errors.ts';
import * as messages from '../../protocol/messages.ts';
import { parseParams } from '../../protocol/params.ts';
import { ensureSocketFolder } from '../../protocol/socketPath.ts';
import { proveToWindow } from '../../protocol/socketProof.ts';
import type { Drive } from '../drive.ts';
import { type Answer, answerFiles } from '../files/handlers.ts';
import { listBrands } from '../signIn/browserSignIns.ts';
import { driveVersion } from '../version.ts';
import { NotifyingWindow } from './notifyingWindow.ts';
import { toResponseError } from './rpcErrors.ts';
import type { TokenKeeper } from './tokenKeeper.ts';

export interface ServerDeps {
  readonly drive: Drive;
  readonly keeper: TokenKeeper;
  /** What windows must know, `makeSocketSecret`. */
  readonly secret: Buffer;
  readonly logFile: string;
  readonly log: Log;
  /** Windows attached now; called on every change. */
  readonly onWindows: (count: number) => void;
  readonly onShutdown: (reason: messages.ShutdownParams['reason']) => void;
}

/** State goes out at most this often; a running upload changes it with every chunk. */
const stateIntervalMs = 100;

/** Messages that wait for a window to read them; a minute of a running upload has 600. */
const longestQueue = 1_000;

/** Listens on the user's socket (0600 in a 0700 folder). The state lock is held, so a socket file found there is dead. */
export function startServer(socketFile: string, deps: ServerDeps): Promise<Server> {
  ensureSocketFolder(socketFile);
  rmSync(socketFile, { force: true });
  const windows = new Set<MessageConnection>();
  const notifyingWindow = new NotifyingWindow<MessageConnection>((window, isNotifying) => {
    window.sendNotification(messages.notifyingWindow, { notifyingWindow: isNotifying }).catch((error) => {
      deps.log.debug('a window did not listen', { error });
    });
  });
  const tellState = broadcastState(windows, deps);
  const server = createServer(async (socket) => {
    socket.on('error', (error) => deps.log.info('a window went away', { error }));
    const outcome = await proveToWindow(socket, deps.secret);
    if (outcome === 'proved') attachWindow(socket, windows, notifyingWindow, tellState, deps);
    else deps.log.info('who did not prove to be a window was let go', { outcome });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketFile, () => {
      chmodSync(socketFile, 0o600);
      // A window that could not be let in tries again.
      server.removeListener('error', reject);
      server.on('error', (error) => deps.log.warn('a window could not attach', { error }));
      resolve(server);
    });
  });
}

function attachWindow(
  socket: Socket,
  windows: Set<MessageConnection>,
  notifyingWindow: NotifyingWindow<MessageConnection>,
  tellState: () => void,
  deps: ServerDeps,
): void {
  const { drive, keeper, log } = deps;
  const connection = openConnection(socket, longestFromWindow);
  let forgetKeeper = () => {};
  const leave = () => {
    if (!windows.delete(connection)) return;
    forgetKeeper();
    notifyingWindow.remove(connection);
    drive.watch(connection, []);
    connection.dispose();
    deps.onWindows(windows.size);
  };
  socket.on('close', leave);
  connection.onError(([error]) => log.warn('connection error', { error }));

  const answer = serveOn(connection, log);
  /** Who asked for a change of the state has seen it when the answer comes. */
  const told = <R>(work: Promise<R>) => work.finally(tellState);
  answer.request(messages.hello, (params) => {
    log.info('window attached', { version: params.clientVersion });
    if (params.keepsTokens) {
      forgetKeeper = keeper.addWindow((tokens) => connection.sendRequest(messages.storeTokens, tokens));
    }
    notifyingWindow.add(connection, params.focused);
    return {
      protocolVersion: messages.protocolVersion,
      driveVersion,
      pid: process.pid,
      logFile: deps.logFile,
      signedIn: drive.signedIn,
      notifyingWindow: notifyingWindow.current === connection,
      state: drive.getState(),
    };
  });
  answer.request(messages.signIn, ({ loginToken, confirmedHost }) => told(drive.signIn(loginToken, confirmedHost)));
  answer.plain(messages.listBrands, () => listBrands());
  answer.request(messages.beginSignIn, (params) => drive.browserSignIns.begin(params));
  answer.request(messages.awaitSignIn, ({ id }, signal) => told(drive.browserSignIns.wait(id, signal)));
  answer.request(messages.passSignInAddress, ({ id, address }) => drive.browserSignIns.pass(id, address));
  answer.request(messages.resume, (stored) => told(drive.resume(stored)));
  answer.plain(messages.signOut, () => told(drive.signOut()));
  answer.plain(messages.signOutAndForget, () => told(drive.signOutAndForget()));
  const inSession: Answer = {
    request: (type, work) =>
      answer.request(type, (params, signal) => drive.within(signal, (bounded) => work(params, bounded))),
    plain: (type, work) => answer.plain(type, () => drive.within(neverAborts, work)),
  };
  inSession.request(messages.mount, (params) => told(drive.mount(params)));
  inSession.request(messages.checkMountPoint, ({ mountPoint }) => drive.checkMountPoint(mountPoint));
  inSession.request(messages.unmount, (params, signal) => told(drive.unmount(params, signal)));
  inSession.request(messages.list, ({ path, refresh }) => drive.list(path, refresh));
  answer.request(messages.watch, ({ paths }) => drive.watch(connection, paths));
  answer.plain(messages.refresh, () => drive.refresh());
  answer.request(messages.setOptions, (options) => drive.setOptions(options));
  answer.request(messages.setTransfersPaused, ({ paused }) => drive.setTransfersPaused(paused));
  answer.request(messages.retryFailed, ({ id }) => drive.retryFailed(id));
  answer.request(messages.stopTransfer, ({ id }) => drive.stopTransfer(id));
  inSession.request(messages.discardFailed, ({ id }) => drive.discardFailed(id));
  inSession.request(messages.exportFailed, ({ id, to }) => drive.exportFailed(id, to));
  answer.request(messages.history, ({ limit }) => drive.getHistory(limit));
  answer.plain(messages.preflight, () => drive.preflight());
  answer.request(messages.shutdown, ({ reason }) => deps.onShutdown(reason));
  connection.onNotification(messages.windowFocused, () => notifyingWindow.focus(connection));
  answerFiles(inSession, () => drive.getFiles());
  windows.add(connection);
  connection.listen();
  deps.onWindows(windows.size);
}

/** Handlers whose failures become DriveErrorData and a line in the log; a cancelled request aborts its signal. */
function serveOn(connection: MessageConnection, log: Log) {
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

/** Answers what tells a change of the state at once. */
function broadcastState(windows: ReadonlySet<MessageConnection>, { drive, log }: ServerDeps): () => void {
  let timer: NodeJS.Timeout | undefined;
  const waiting = new WeakMap<MessageConnection, number>();
  const send = (notify: (window: MessageConnection) => Promise<void>) => {
    for (const window of windows) {
      const behind = waiting.get(window) ?? 0;
      if (behind >= longestQueue) {
        log.warn('a window does not read what it is told, and is let go');
        // It attaches again once it reads on.
        window.dispose();
        continue;
      }
      waiting.set(window, behind + 1);
      notify(window)
        .catch((error) => log.debug('a window did not listen', { error }))
        .finally(() => waiting.set(window, (waiting.get(window) ?? 1) - 1));
    }
  };
  const tellState = () => {
    clearTimeout(timer);
    timer = undefined;
    if (windows.size === 0) return;
    try {
      const state = drive.getState();
      send((window) => window.sendNotification(messages.stateChanged, state));
    } catch (error) {
      // A timer called this. The next change tells it.
      log.warn('the state could not be told', { error });
    }
  };
  drive.stateChanged.on(() => {
    timer ??= setTimeout(tellState, stateIntervalMs);
  });
  drive.entriesChanged.on((folders) => send((window) => window.sendNotification(messages.entriesChanged, { folders })));
  drive.conflictMade.on((notice) => send((window) => window.sendNotification(messages.conflictMade, notice)));
  drive.signedOut.on(() => send((window) => window.sendNotification(messages.signedOut)));
  return () => {
    if (timer !== undefined) tellState();
  };
}
