import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLog } from '../../base/log.ts';
import { defaultNetworkOptions } from '../../base/networkOptions.ts';
import { parseLoginToken } from '../../jottacloud/auth/loginToken.ts';
import { exchangeLoginToken, type Tokens, type TokenVault } from '../../jottacloud/auth/tokens.ts';
import { JottacloudClient } from '../../jottacloud/client.ts';
import { isJottaError } from '../../jottacloud/errors.ts';
import type { Network } from '../../jottacloud/transport/agents.ts';
import { createEndpoints } from '../../jottacloud/urls.ts';
import { DriveError } from '../../protocol/errors.ts';
import type { FaultPoint } from '../../sync/tree/faultPoints.ts';
import { defaultLocalNames } from '../../vfs/localNames.ts';
import { noteConnections, takeState } from '../lifecycle/deadDrive.ts';
import { Mounts } from '../mounts.ts';
import { openSession } from '../session.ts';
import { userAgent } from '../version.ts';
import { type HeadlessOptions, parseHeadlessArgs, usage } from './headlessArgs.ts';

/**
 * The drive without VS Code (design.md §12, `npm run mount`): prints `mounted DIR` on stdout when ready; SIGTERM and SIGINT
 * flush, unmount and exit 0. Tokens are kept in the state folder (0600), since no window is there to keep them.
 */
const options = readOptions();

/** Without VS Code's settings, the environment alone names proxies. */
const network: Network = { getOptions: () => defaultNetworkOptions, env: process.env };

const log = createLog((line) => process.stderr.write(line), options.verbose ? 'debug' : 'info');

function readOptions(): HeadlessOptions {
  try {
    const parsed = parseHeadlessArgs(process.argv.slice(2));
    if (parsed !== undefined) return parsed;
    console.error(usage);
    process.exit(0);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

/** Tokens in `file`, replaced atomically. */
function createFileVault(file: string): TokenVault & { loadTokens(): Promise<Tokens | undefined> } {
  return {
    saveTokens: async (tokens) => {
      await writeFile(`${file}.new`, JSON.stringify(tokens), { mode: 0o600, flush: true });
      await chmod(`${file}.new`, 0o600);
      await rename(`${file}.new`, file);
    },
    loadTokens: async () => {
      try {
        return JSON.parse(await readFile(file, 'utf8')) as Tokens;
      } catch {
        return undefined;
      }
    },
  };
}

/**
 * `JOTTACLOUD_KILL_AT=point` dies at that step of a push as by kill -9, with `:n` when it is reached for the n-th time, so
 * that the replay can be proved.
 */
function createReach(killAt = ''): (point: FaultPoint) => void {
  const [wanted, times = '1'] = killAt.split(':');
  let left = Number(times);
  return (point) => {
    if (point !== wanted) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}

async function main(): Promise<void> {
  const { stateDir, mountPoint, source, readOnly, settleMs } = options;
  await takeState(stateDir, log);
  const vault = createFileVault(join(stateDir, 'tokens.json'));
  const endpoints = createEndpoints(options.endpoint ?? process.env.JOTTACLOUD_ENDPOINT);
  const tokens = await signIn(vault, endpoints);
  const client = new JottacloudClient({ endpoints, tokens, vault, userAgent, log, network });
  const session = await openSession(client, {
    stateDir,
    cacheDir: options.cacheDir,
    budget: { maxBytes: options.cacheMaxBytes, minFreeBytes: options.cacheMinFreeBytes },
    pollMs: options.pollMs,
    localNames: defaultLocalNames,
    rescueDir: join(stateDir, 'rescued'),
    onDamage: (error) => {
      log.error('the drive ends on an unexpected error', { error });
      process.exit(1);
    },
    reach: createReach(process.env.JOTTACLOUD_KILL_AT),
    ...(settleMs === undefined ? {} : { settleMs }),
    log,
  });
  const mounts = new Mounts(session, [stateDir], log);
  noteConnections(stateDir, mounts, log);
  session.refreshAccount().catch((error) => log.info('quota is not known yet', { error }));
  const state = await mounts.mount({ mountPoint, source, readOnly });
  const stop = Promise.withResolvers<void>();
  process.once('SIGTERM', () => stop.resolve());
  process.once('SIGINT', () => stop.resolve());
  // The terminal was closed. Not once: the shell, npm and the kernel may each send one.
  process.on('SIGHUP', () => stop.resolve());
  // Whoever read what is said here is gone; the volume is not.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  process.stdout.write(`mounted ${state.mountPoint}\n`);
  mounts.changed.on(() => {
    if (mounts.size === 0) stop.resolve();
  });
  await stop.promise;
  await mounts.close();
  if (session.link.health === 'ok') {
    await session.pusher.drain(AbortSignal.timeout(60_000)).catch((error) => log.warn('work is left', { error }));
  }
  await session.close();
}

async function signIn(
  vault: ReturnType<typeof createFileVault>,
  endpoints: ReturnType<typeof createEndpoints>,
): Promise<Tokens> {
  const text = options.loginToken;
  const stored = await vault.loadTokens();
  if (text === undefined) {
    if (stored === undefined) throw new DriveError('signedOut', { reason: '--login-token is needed the first time' });
    return stored;
  }
  const tokens = await exchangeLoginToken(
    parseLoginToken(text),
    { endpoints, userAgent, log, network },
    AbortSignal.timeout(60_000),
  );
  await vault.saveTokens(tokens);
  return tokens;
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const code = error instanceof DriveError ? error.code : isJottaError(error) ? error.kind : 'internal';
    log.error('the drive cannot start', { code, error });
    process.exit(1);
  },
);
