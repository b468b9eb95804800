import './lifecycle/threadPool.ts';
import type { Server } from 'node:net';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createFileWriter, createLog } from '../base/log.ts';
import { ensureOwnFolder } from '../base/ownFiles.ts';
import { every } from '../base/timers.ts';
import type { DriveErrorCode } from '../protocol/errors.ts';
import { exitCodes } from '../protocol/exitCodes.ts';
import { removeSocket, socketPath } from '../protocol/socketPath.ts';
import { makeSocketSecret } from '../protocol/socketSecret.ts';
import { cacheDir as defaultCacheDir, stateDir as defaultStateDir } from '../protocol/stateDir.ts';
import { Drive } from './drive.ts';
import { takeState } from './lifecycle/deadDrive.ts';
import { Ending } from './lifecycle/ending.ts';
import { noteCacheDir } from './lifecycle/forget.ts';
import { collectEarly } from './lifecycle/frugalHeap.ts';
import { checkOutsideVolumes } from './lifecycle/outsideVolumes.ts';
import { toDriveErrorData } from './windows/rpcErrors.ts';
import { startServer } from './windows/server.ts';
import { TokenKeeper } from './windows/tokenKeeper.ts';

/**
 * A window that is loaded again comes back within seconds, on a busy computer within twenty: extensions start when all the
 * rest of VS Code has. ms.
 */
const defaultGraceMs = 30_000;

/**
 * The drive process: one per user, started by the first window, left by the last. Without a window it stays `--grace` ms,
 * so that a window reload keeps the volumes; with `keepAfterClose` it stays while something is mounted.
 * Exit codes: 0 done, those of `exitCodes` for a start that failed, 1 anything else.
 */
const { values } = parseArgs({
  options: {
    state: { type: 'string', default: defaultStateDir() },
    cache: { type: 'string', default: defaultCacheDir() },
    grace: { type: 'string', default: String(defaultGraceMs) },
  },
});

const stateDir = resolve(values.state);
const cacheDir = resolve(values.cache);
const graceMs = Number(values.grace);
const watchedEveryMs = 60_000;
/** What a closing VS Code may wait for uploads; the rest is on disk and goes on at the next start. */
const drainMs = 20_000;

async function main(): Promise<void> {
  await checkOutsideVolumes(stateDir, cacheDir);
  ensureOwnFolder(stateDir);
  const logFile = join(stateDir, 'drive.log');
  const log = createLog(createFileWriter(logFile));
  await takeState(stateDir, log);
  await noteCacheDir(stateDir, cacheDir);

  const keeper = new TokenKeeper(log);
  const endpoint = process.env.JOTTACLOUD_ENDPOINT;
  const onDamage = (error: unknown) => ending.fail(error);
  const drive = new Drive({ stateDir, cacheDir, endpoint, env: process.env, keeper, onDamage, log });
  const socketFile = socketPath(stateDir);
  let server: Server | undefined;
  const ending = new Ending({
    close: async (drain) => {
      if (server !== undefined) removeSocket(socketFile);
      server?.close();
      await drive.close(drain, AbortSignal.timeout(drainMs));
    },
    drainOnSignal: false,
    getLeft: () => {
      const { mounts, pendingChanges, failedChanges } = drive.getState();
      return { volumes: mounts.length, pendingChanges, failedChanges };
    },
    now: () => performance.now(),
    exit: (code) => process.exit(code),
    log,
  });
  ending.listenTo(process);

  let graceTimer: NodeJS.Timeout | undefined;
  let windows = 0;
  const isKept = () => drive.options.keepAfterClose && drive.mountCount > 0;
  const onWindows = (count: number) => {
    windows = count;
    clearTimeout(graceTimer);
    graceTimer = undefined;
    if (count > 0) return;
    graceTimer = setTimeout(() => {
      graceTimer = undefined;
      if (!isKept()) ending.begin(true);
    }, graceMs);
  };
  // The last volume of a drive that was kept for it was ejected.
  drive.stateChanged.on(() => {
    if (windows === 0 && graceTimer === undefined && !ending.begun && !isKept()) onWindows(0);
  });
  const onShutdown = (reason: 'handOver' | 'drain') => {
    // After the answer is out.
    setImmediate(() => ending.begin(reason === 'drain'));
  };
  const secret = await makeSocketSecret(stateDir);
  server = await startServer(socketFile, { drive, keeper, secret, logFile, log, onWindows, onShutdown });
  every(
    watchedEveryMs,
    () => drive.keepWatched(),
    (error) => log.warn('what windows show is not kept fresh', { error }),
  );
  onWindows(0);
  collectEarly();
  log.info('the drive is ready', { pid: process.pid });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  const codes: Partial<Record<DriveErrorCode, number>> = exitCodes;
  process.exit(codes[toDriveErrorData(error).code] ?? 1);
});
