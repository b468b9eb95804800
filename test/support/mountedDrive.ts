import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, type Log } from '../../src/base/log.ts';
import { defaultNetworkOptions } from '../../src/base/networkOptions.ts';
import { Mounts } from '../../src/drive/mounts.ts';
import { openSession, type Session } from '../../src/drive/session.ts';
import { userAgent } from '../../src/drive/version.ts';
import { type DriverChoice, getVolumeDrivers } from '../../src/drive/volumeDrivers.ts';
import { parseLoginToken } from '../../src/jottacloud/auth/loginToken.ts';
import { exchangeLoginToken } from '../../src/jottacloud/auth/loginTokenExchange.ts';
import type { Tokens } from '../../src/jottacloud/auth/tokens.ts';
import { JottacloudClient } from '../../src/jottacloud/client.ts';
import { createEndpoints } from '../../src/jottacloud/urls.ts';
import { defaultLocalNames } from '../../src/vfs/localNames.ts';
import { serveVolume } from '../../src/volume/nfs/driver.ts';
import { type Emulator, startEmulator } from '../emulator/emulator.ts';
import { rclone } from './emulation.ts';

export interface TestDriveOptions {
  readonly pollMs?: number;
  /** Quiet time before an upload; by default so long that a test uploads when it says so (`settle`). */
  readonly settleMs?: number;
  /** The best that this computer has when absent. */
  readonly driver?: DriverChoice;
}

/**
 * A drive and its server in this process, which therefore must never touch the mount itself: that is what the workers of
 * `createSyscallDriver` are for.
 */
export interface TestDrive {
  readonly emulator: Emulator;
  /** The newest session; a restart makes another. */
  readonly session: () => Session;
  /** Lines of level warn and error. */
  readonly complaints: readonly string[];
  readonly log: Log;
  /** Absolute path, free to be mounted on. */
  readonly mountPoint: string;
  /** Mounts /Jotta/Archive; again after every restart. */
  mount(options?: { readOnly?: boolean }): Promise<void>;
  /** Offers /Jotta/Archive by NFS instead, until a restart: after it on the same port, under another path. */
  serve(): Promise<{ port: number; exportPath: string }>;
  unmount(): Promise<void>;
  /** Ends the session and opens one on the same state, as a restart of the process does. */
  restart(): Promise<void>;
  /** Resolves when nothing is left to upload. */
  settle(): Promise<void>;
  /** Lines as `digests` gives them (steps.ts), in any order, of what stock rclone finds on the server below /Jotta/Archive. */
  listServer(): Promise<string[]>;
  close(): Promise<void>;
}

/** Longer than any drain of a test takes; a drain that waits for ever says what it waits for. */
const drainMs = 60_000;

export async function startTestDrive(options: TestDriveOptions = {}): Promise<TestDrive> {
  const dir = await mkdtemp(join(tmpdir(), 'jottacloud-posix-'));
  const emulator = await startEmulator({ rclone: join(dir, 'rclone') });
  const complaints: string[] = [];
  const log = createLog((line) => complaints.push(line), 'warn');
  const common = { endpoints: createEndpoints(emulator.url), userAgent, log };
  const network = { getOptions: () => defaultNetworkOptions, env: {} };
  const token = parseLoginToken(emulator.newLoginToken());
  let tokens: Tokens = await exchangeLoginToken(token, { ...common, network }, AbortSignal.timeout(drainMs));
  const vault = {
    saveTokens: async (next: Tokens) => {
      tokens = next;
    },
  };
  const open = () =>
    openSession(new JottacloudClient({ ...common, network, tokens, vault }), {
      stateDir: join(dir, 'state'),
      cacheDir: join(dir, 'cache'),
      rescueDir: join(dir, 'rescue'),
      budget: { maxBytes: 1024 ** 3, minFreeBytes: 0 },
      pollMs: options.pollMs ?? 1_000,
      settleMs: options.settleMs ?? 30_000,
      localNames: defaultLocalNames,
      onDamage: (error) => {
        throw error;
      },
      log,
    });
  let session = await open();
  const nfs = { stateFile: join(dir, 'nfs.json'), account: 'test' };
  const mountsOptions = {
    getDrivers: () => getVolumeDrivers(options.driver ?? 'auto', nfs),
    previewsDownload: () => false,
  };
  let mounts = new Mounts(session, [], log, mountsOptions);
  const mountPoint = join(dir, 'volume');
  let again: (() => Promise<unknown>) | undefined;
  const drive: TestDrive = {
    emulator,
    session: () => session,
    complaints,
    log,
    mountPoint,
    mount: async ({ readOnly = false } = {}) => {
      await mounts.mount({ mountPoint, source: '/Jotta/Archive', readOnly });
      again = () => drive.mount({ readOnly });
    },
    serve: async () => {
      const { mountPoint: address } = await mounts.serve('/Jotta/Archive', false, (view) => serveVolume(view, nfs));
      const { port, pathname } = new URL(address.replace(/^nfs:/, 'http:'));
      return { port: Number(port), exportPath: pathname };
    },
    unmount: async () => {
      await mounts.unmountAll();
      again = undefined;
    },
    restart: async () => {
      await mounts.unmountAll();
      await session.close();
      session = await open();
      mounts = new Mounts(session, [], log, mountsOptions);
      await again?.();
    },
    settle: async () => {
      await session.pusher.drain(AbortSignal.timeout(drainMs));
    },
    listServer: async () => {
      const files = await rclone(emulator, 'md5sum', 'remote:');
      const folders = await rclone(emulator, 'lsf', '-R', '--dirs-only', 'remote:');
      return `${files}\n${folders}`.split('\n').filter((line) => line !== '');
    },
    close: async () => {
      await mounts.unmountAll();
      await session.close();
      await emulator.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return drive;
}
