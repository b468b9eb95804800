import { join } from 'node:path';
import { createLog, type Log } from '../../base/log.ts';
import { defaultNetworkOptions } from '../../base/networkOptions.ts';
import { parseLoginToken } from '../../jottacloud/auth/loginToken.ts';
import type { Tokens } from '../../jottacloud/auth/tokens.ts';
import { JottacloudClient } from '../../jottacloud/client.ts';
import { isJottaError } from '../../jottacloud/errors.ts';
import type { Network } from '../../jottacloud/transport/agents.ts';
import { createEndpoints } from '../../jottacloud/urls.ts';
import type { FaultPoint } from '../../sync/tree/faultPoints.ts';
import { defaultLocalNames } from '../../vfs/localNames.ts';
import { serveVolume } from '../../volume/nfs/driver.ts';
import { noteConnections, takeState } from '../lifecycle/deadDrive.ts';
import { Ending } from '../lifecycle/ending.ts';
import { collectEarly } from '../lifecycle/frugalHeap.ts';
import { checkOutsideVolumes } from '../lifecycle/outsideVolumes.ts';
import { Mounts } from '../mounts.ts';
import { openSession, type Session } from '../session.ts';
import { checkLoginHost } from '../signIn/loginHost.ts';
import { userAgent } from '../version.ts';
import { getVolumeDrivers } from '../volumeDrivers.ts';
import { toDriveErrorData } from '../windows/rpcErrors.ts';
import { createBrowserLogin } from './browserLogin.ts';
import { type HeadlessOptions, parseHeadlessArgs, usage } from './headlessArgs.ts';
import { signIn } from './signIn.ts';
import { TokenFile } from './tokenFile.ts';

/**
 * The drive without VS Code: prints `mounted DIR` on stdout when ready; SIGTERM, SIGINT and SIGHUP unmount, upload what is
 * left for up to 60 s and exit 0. Tokens are kept in the state folder (0600), since no window is there to keep them.
 * `faultPoint` hears of each step of a push.
 */
export async function runHeadless(args: readonly string[], faultPoint?: (point: FaultPoint) => void): Promise<void> {
  const options = readOptions(args);
  const log = createLog((line) => process.stderr.write(line), options.verbose ? 'debug' : 'info');
  try {
    await run({ options, log, faultPoint: faultPoint ?? (() => {}) });
  } catch (error) {
    const code = isJottaError(error) ? error.kind : toDriveErrorData(error).code;
    log.error('the drive cannot start', { code, error });
    process.exit(1);
  }
}

interface Given {
  readonly options: HeadlessOptions;
  readonly log: Log;
  readonly faultPoint: (point: FaultPoint) => void;
}

/** Without VS Code's settings, the environment alone names proxies. */
const network: Network = { getOptions: () => defaultNetworkOptions, env: process.env };

/** What the end waits for uploads; the rest is on disk and goes on at the next start. */
const drainMs = 60_000;

function readOptions(args: readonly string[]): HeadlessOptions {
  try {
    const parsed = parseHeadlessArgs(args);
    if (parsed !== undefined) return parsed;
    console.error(usage);
    process.exit(0);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

async function run(given: Given): Promise<void> {
  const { options, log } = given;
  await checkOutsideVolumes(options.stateDir, options.cacheDir);
  await takeState(options.stateDir, log);
  const drive = new HeadlessDrive(given);
  const ending = new Ending({
    close: (drain) => drive.close(drain),
    drainOnSignal: true,
    getLeft: () => drive.getLeft(),
    now: () => performance.now(),
    exit: (code) => process.exit(code),
    log,
  });
  ending.listenTo(process);
  // The end of the program that reads our output must not end the volume.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    await drive.start(ending);
  } catch (error) {
    // A start that was cut short because the end has begun is no failure.
    if (!ending.begun) throw error;
  }
}

/** The session and its one volume, closed in order from whatever the start has come to. */
class HeadlessDrive {
  readonly #given: Given;
  readonly #stop = new AbortController();
  #starting: Promise<void> = Promise.resolve();
  #session: Session | undefined;
  #mounts: Mounts | undefined;

  constructor(given: Given) {
    this.#given = given;
  }

  start(ending: Ending): Promise<void> {
    this.#starting = this.#open(ending);
    return this.#starting;
  }

  async close(drain: boolean): Promise<void> {
    this.#stop.abort();
    await this.#mounts?.close();
    await this.#starting.catch(() => {});
    // The start may have made the volume meanwhile.
    await this.#mounts?.close();
    const session = this.#session;
    if (session === undefined) return;
    if (drain && session.link.health === 'ok') {
      await session.pusher
        .drain(AbortSignal.timeout(drainMs))
        .catch((error) => this.#given.log.warn('work is left', { error }));
    }
    await session.close();
  }

  getLeft() {
    const { pending, failed } = this.#session?.nodes.countPending() ?? { pending: 0, failed: 0 };
    return { volumes: this.#mounts?.size ?? 0, pendingChanges: pending - failed, failedChanges: failed };
  }

  async #open(ending: Ending): Promise<void> {
    const { options, log } = this.#given;
    const { stateDir, mountPoint, source, readOnly } = options;
    const client = await this.#signIn();
    const session = await openHeadlessSession(client, ending, this.#given);
    this.#session = session;
    const nfs = { stateFile: join(stateDir, 'nfs.json'), account: client.username };
    const mounts = new Mounts(session, [stateDir], log, {
      getDrivers: () => getVolumeDrivers(options.driver, nfs),
      previewsDownload: () => false,
    });
    this.#mounts = mounts;
    noteConnections(stateDir, mounts, log);
    this.#stop.signal.throwIfAborted();
    if (options.serve) {
      const volume = await mounts.serve(source, readOnly, (view) => serveVolume(view, nfs));
      process.stdout.write(`serving ${volume.mountPoint}\n`);
    } else {
      const state = await mounts.mount({ mountPoint, source, readOnly });
      process.stdout.write(`mounted ${state.mountPoint}\n`);
    }
    collectEarly();
    session.refreshAccount().catch((error) => log.info('quota is not known yet', { error }));
    mounts.changed.on(() => {
      if (mounts.size === 0) ending.begin(true);
    });
  }

  #signIn(): Promise<JottacloudClient> {
    const { options, log } = this.#given;
    const file = new TokenFile(join(options.stateDir, 'tokens.json'));
    const endpoint = options.endpoint ?? process.env.JOTTACLOUD_ENDPOINT;
    const service = { endpoints: createEndpoints(endpoint), userAgent, log, network };
    const createClient = (tokens: Tokens) => new JottacloudClient({ ...service, tokens, vault: file });
    const { loginToken, brand } = options;
    const say = (line: string) => process.stdout.write(`${line}\n`);
    const inBrowser = brand && createBrowserLogin(brand, { endpoint, service, say, input: process.stdin });
    const login = loginToken === undefined ? inBrowser : parseLoginToken(loginToken);
    if (typeof login === 'object') checkLoginHost(login, endpoint, options.loginHost);
    return signIn(login, { file, service, createClient }, this.#stop.signal);
  }
}

function openHeadlessSession(
  client: JottacloudClient,
  ending: Ending,
  { options, log, faultPoint }: Given,
): Promise<Session> {
  const { stateDir, cacheDir, cacheMaxBytes, cacheMinFreeBytes, pollMs, settleMs } = options;
  return openSession(client, {
    stateDir,
    cacheDir,
    budget: { maxBytes: cacheMaxBytes, minFreeBytes: cacheMinFreeBytes },
    pollMs,
    localNames: defaultLocalNames,
    linkRules: { followOutside: options.followOutsideLinks },
    rescueDir: join(stateDir, 'rescued'),
    onDamage: (error) => ending.fail(error),
    faultPoint: faultPoint,
    ...(settleMs === undefined ? {} : { settleMs }),
    log,
  });
}
