import { createServer, type Server, type Socket } from 'node:net';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { neverAborts } from '../../base/abort.ts';
import type { Log } from '../../base/log.ts';
import { longestFromWindow, openConnection } from '../../protocol/connection.ts';
import * as messages from '../../protocol/messages.ts';
import { ensureSocketFolder, protectSocket, removeSocket } from '../../protocol/socketPath.ts';
import { proveToWindow } from '../../protocol/socketProof.ts';
import type { Drive } from '../drive.ts';
import { type Answer, answerFiles } from '../files/handlers.ts';
import { listBrands } from '../signIn/browserSignIns.ts';
import { driveVersion } from '../version.ts';
import { broadcast } from './broadcast.ts';
import { serveOn } from './handlers.ts';
import { NotifyingWindow } from './notifyingWindow.ts';
import type { TokenKeeper } from './tokenKeeper.ts';

export interface ServerDeps {
  readonly drive: Drive;
  readonly keeper: TokenKeeper;
  /** Secret that windows must know (`makeSocketSecret`). */
  readonly secret: Buffer;
  readonly logFile: string;
  readonly log: Log;
  /** Windows attached now; called on every change. */
  readonly onWindows: (count: number) => void;
  readonly onShutdown: (reason: messages.ShutdownParams['reason']) => void;
}

/** Listens on the user's socket (`socketPath`). The state lock is held, so a socket file found there is dead. */
export function startServer(socketFile: string, deps: ServerDeps): Promise<Server> {
  ensureSocketFolder(socketFile);
  removeSocket(socketFile);
  const windows = new Set<MessageConnection>();
  const notifyingWindow = new NotifyingWindow<MessageConnection>((window, isNotifying) => {
    window.sendNotification(messages.notifyingWindow, { notifyingWindow: isNotifying }).catch((error) => {
      deps.log.debug('a window did not listen', { error });
    });
  });
  const tellState = broadcast(windows, deps.drive, deps.log);
  const server = createServer(async (socket) => {
    socket.on('error', (error) => deps.log.info('a window went away', { error }));
    const outcome = await proveToWindow(socket, deps.secret);
    if (outcome === 'proved') attachWindow(socket, windows, notifyingWindow, tellState, deps);
    else deps.log.info('who did not prove to be a window was let go', { outcome });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketFile, () => {
      protectSocket(socketFile);
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
  /** A window that asked for a change of the state has the new state before its answer. */
  const told: Told = (work) => work.finally(tellState);
  answer.request(messages.hello, (params) => {
    log.info('window attached', { version: params.clientVersion });
    // Once only, however often it says hello: one that is left behind would be asked to keep tokens when it is gone.
    forgetKeeper();
    forgetKeeper = params.keepsTokens
      ? keeper.addWindow((tokens) => connection.sendRequest(messages.storeTokens, tokens))
      : () => {};
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
  answerAccount(answer, drive, told);
  answerDrive(answer, drive, connection, told);
  answer.request(messages.shutdown, ({ reason }) => deps.onShutdown(reason));
  connection.onNotification(messages.windowFocused, () => notifyingWindow.focus(connection));
  windows.add(connection);
  connection.listen();
  deps.onWindows(windows.size);
}

/** Work after which the state is sent before the answer. */
type Told = <R>(work: Promise<R>) => Promise<R>;

function answerAccount(answer: Answer, { sessions, browserSignIns }: Drive, told: Told): void {
  answer.request(messages.signIn, ({ loginToken, confirmedHost }) => told(sessions.signIn(loginToken, confirmedHost)));
  answer.plain(messages.listBrands, () => listBrands());
  answer.request(messages.beginSignIn, (params) => browserSignIns.begin(params));
  answer.request(messages.awaitSignIn, ({ id }, signal) => told(browserSignIns.wait(id, signal)));
  answer.request(messages.passSignInAddress, ({ id, address }) => browserSignIns.pass(id, address));
  answer.request(messages.resume, (stored) => told(sessions.resume(stored)));
  answer.plain(messages.signOut, () => told(sessions.signOut()));
  answer.plain(messages.signOutAndForget, () => told(sessions.signOutAndForget()));
}

function answerDrive(answer: Answer, drive: Drive, viewer: object, told: Told): void {
  const inSession: Answer = {
    request: (type, work) =>
      answer.request(type, (params, signal) => drive.sessions.within(signal, (bounded) => work(params, bounded))),
    plain: (type, work) => answer.plain(type, () => drive.sessions.within(neverAborts, work)),
  };
  inSession.request(messages.mount, (params) => told(drive.mount(params)));
  inSession.request(messages.checkMountPoint, ({ mountPoint }) => drive.checkMountPoint(mountPoint));
  inSession.request(messages.unmount, (params, signal) => told(drive.unmount(params, signal)));
  inSession.request(messages.list, ({ path, refresh }) => drive.list(path, refresh));
  answer.request(messages.watch, ({ paths }) => drive.watch(viewer, paths));
  answer.plain(messages.refresh, () => drive.refresh());
  answer.request(messages.setOptions, (options) => drive.setOptions(options));
  answer.request(messages.setTransfersPaused, ({ paused }) => drive.setTransfersPaused(paused));
  answer.request(messages.retryFailed, ({ id }) => drive.retryFailed(id));
  answer.request(messages.stopTransfer, ({ id }) => drive.stopTransfer(id));
  inSession.request(messages.discardFailed, ({ id }) => drive.discardFailed(id));
  inSession.request(messages.exportFailed, ({ id, to }) => drive.exportFailed(id, to));
  answer.request(messages.history, ({ limit }) => drive.getHistory(limit));
  answer.plain(messages.preflight, () => drive.preflight());
  answerFiles(inSession, () => drive.getFiles());
}
