import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { createLog } from '../../src/base/log.ts';
import { defaultNetworkOptions, type NetworkOptions } from '../../src/base/networkOptions.ts';
import { openSession, type Session, type SessionOptions } from '../../src/drive/session.ts';
import { userAgent } from '../../src/drive/version.ts';
import type { Tokens } from '../../src/jottacloud/auth/tokens.ts';
import { JottacloudClient } from '../../src/jottacloud/client.ts';
import { defaultLimits } from '../../src/jottacloud/limits.ts';
import { createEndpoints, hostOf } from '../../src/jottacloud/urls.ts';
import { type Ino, rootIno } from '../../src/store/nodeRow.ts';
import { defaultLocalNames } from '../../src/vfs/localNames.ts';
import { brands, realmPath, tokenEndpoint } from '../emulator/brands.ts';
import { type Emulator, type EmulatorOptions, startEmulator } from '../emulator/emulator.ts';
import { TestClock } from './testClock.ts';
import { makeTokens } from './tokens.ts';

/** Waits long enough for any drain of a test on a busy machine; one that waits for ever says what it waits for. */
const drainMs = 120_000;

/** Turns of the event loop without a push after which nothing more comes by itself. */
const quietTurns = 3;
const longestJumpMs = 60_000;

/** A session against an emulator in this process, without kernel and windows. */
export interface SessionWorld {
  readonly emulator: Emulator;
  /** The newest session; `restart` makes another on the same state. */
  readonly session: () => Session;
  readonly dir: string;
  /** Lines of level warn and error. */
  readonly complaints: readonly string[];
  /** `between` sees the state while nobody has it open. */
  restart(between?: (accountDir: string) => Promise<void>): Promise<void>;
  /** After a restart that failed. */
  reopen(): Promise<void>;
  /** Pushes what is pending; settle times are skipped. */
  drain(): Promise<void>;
  /** Waits until `condition` holds; with a TestClock, goes from sleeper to sleeper while nothing is being pushed. */
  until(what: string, condition: () => boolean): Promise<void>;
  /** Goes on with the tokens of a new sign-in. */
  signInAgain(): void;
  /** Lists every folder that was looked at. */
  poll(): Promise<void>;
  /** The node at a path of the account, `/Jotta/Archive/…`. */
  find(path: string): Promise<Ino>;
  save(path: string, content: string | Buffer): Promise<Ino>;
  readText(path: string): Promise<string>;
  mkdir(path: string): Promise<Ino>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  rmdir(path: string): Promise<void>;
  close(): Promise<void>;
}

export interface SessionWorldOptions extends Partial<Omit<SessionOptions, 'log'>> {
  /** Tokens of an earlier exchange; absent: a new sign-in. */
  readonly tokens?: Tokens;
  /** Another address of the emulator. */
  readonly url?: string;
  readonly network?: () => NetworkOptions;
  /** That of the connection to the service; the system's without. */
  readonly clientClock?: Clock;
}

/** The tokens of somebody who signed in before. */
export function signIn({ newTokens, url, user }: Emulator): Tokens {
  const { accessToken, refreshToken, expires } = newTokens();
  return makeTokens(url, {
    ...{ accessToken, refreshToken, expiresAt: expires, username: user },
    tokenEndpoint: `${url}${realmPath(brands.jottacloud.realm)}/${tokenEndpoint}`,
    serviceHost: hostOf(createEndpoints(url)),
  });
}

/** Nothing is pushed by itself, unless `settleMs` says so: a test pushes by `drain`. */
export async function openSessionWorld(emulator: Emulator, options: SessionWorldOptions = {}): Promise<SessionWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'jottacloud-session-'));
  let tokens = options.tokens ?? signIn(emulator);
  const complaints: string[] = [];
  const log = createLog((line) => complaints.push(line), 'warn');
  const clock: Clock = options.clock ?? systemClock;
  const vault = {
    saveTokens: async (next: Tokens) => {
      tokens = next;
    },
  };
  const open = () =>
    openSession(
      new JottacloudClient({
        endpoints: createEndpoints(options.url ?? emulator.url),
        userAgent,
        log,
        network: { getOptions: options.network ?? (() => defaultNetworkOptions), env: {} },
        tokens,
        vault,
        // The write-back's own patience is what is tested.
        limits: { ...defaultLimits, tries: 1 },
        ...(options.clientClock === undefined ? {} : { clock: options.clientClock }),
      }),
      {
        stateDir: join(dir, 'state'),
        cacheDir: join(dir, 'cache'),
        rescueDir: join(dir, 'rescue'),
        budget: { maxBytes: 1024 ** 3, minFreeBytes: 0 },
        pollMs: 3_600_000,
        settleMs: 3_600_000,
        networkGraceMs: 0,
        localNames: defaultLocalNames,
        onDamage: (error) => {
          throw error;
        },
        ...options,
        clock,
        log,
      },
    );
  let session = await open();
  const split = (path: string) => path.split('/').filter(Boolean);
  const find = async (path: string) => (await session.vfs.resolve(rootIno, split(path))).ino;
  const findPlace = async (path: string) => {
    const names = split(path);
    return { parent: await find(names.slice(0, -1).join('/')), name: names.at(-1) as string };
  };
  const world: SessionWorld = {
    emulator,
    session: () => session,
    dir,
    complaints,
    restart: async (between) => {
      await session.close();
      const accounts = join(dir, 'state', 'accounts');
      const [account = ''] = await readdir(accounts);
      await between?.(join(accounts, account));
      session = await open();
    },
    reopen: async () => {
      session = await open();
    },
    drain: () => session.pusher.drain(AbortSignal.timeout(drainMs)),
    until: async (what, condition) => {
      const end = performance.now() + drainMs;
      for (let idle = 0; !condition(); ) {
        if (performance.now() > end) throw new Error(`timed out waiting until ${what}`);
        await delay(1);
        idle = session.pusher.getRunning().length === 0 ? idle + 1 : 0;
        if (clock instanceof TestClock && idle > quietTurns) {
          clock.advanceToNext(longestJumpMs);
          idle = 0;
        }
      }
    },
    signInAgain: () => {
      session.client.replaceTokens(signIn(emulator));
      session.link.renew();
    },
    poll: () => session.poller.pollNow('full'),
    find,
    save: async (path, content) => {
      const { parent, name } = await findPlace(path);
      const options = { writing: true, append: false, truncate: true, exclusive: false };
      const { row, fh } = await session.vfs.create(parent, name, 0o644, options);
      await session.vfs.write(fh, Buffer.from(content), 0);
      await session.vfs.flushHandle(fh);
      await session.vfs.release(fh);
      return row.ino;
    },
    readText: async (path) => {
      const fh = await session.vfs.open(await find(path), { writing: false, append: false, truncate: false });
      try {
        return String(await session.vfs.read(fh, 0, 1024 ** 2));
      } finally {
        await session.vfs.release(fh);
      }
    },
    mkdir: async (path) => {
      const { parent, name } = await findPlace(path);
      return (await session.vfs.mkdir(parent, name, 0o755)).ino;
    },
    rename: async (from, to) => session.vfs.rename(await findPlace(from), await findPlace(to), 'replace'),
    unlink: async (path) => {
      const { parent, name } = await findPlace(path);
      await session.vfs.unlink(parent, name);
    },
    rmdir: async (path) => {
      const { parent, name } = await findPlace(path);
      await session.vfs.rmdir(parent, name);
    },
    close: async () => {
      await session.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return world;
}

/** Path below `top` → text of every file, and `folder/` → '' of every folder, as the volume shows it. */
export async function showTree(world: SessionWorld, top: string): Promise<Record<string, string>> {
  const shown: Record<string, string> = {};
  const visit = async (path: string) => {
    for (const { name, row } of await world.session().vfs.readdir(await world.find(path))) {
      const at = `${path}/${name}`;
      const key = at.slice(top.length + 1);
      if (row.kind === 'file') shown[key] = await world.readText(at);
      else {
        shown[`${key}/`] = '';
        await visit(at);
      }
    }
  };
  await visit(top);
  return sortKeys(shown);
}

/** The same of the server's live tree. */
export async function showServer(emulator: Emulator, top: string): Promise<Record<string, string>> {
  const shown: Record<string, string> = {};
  for (const { path, kind } of emulator.tree()) {
    if (!path.startsWith(`${top}/`)) continue;
    const key = path.slice(top.length + 1);
    if (kind === 'file') shown[key] = String(await emulator.read(path));
    else shown[`${key}/`] = '';
  }
  return sortKeys(shown);
}

function sortKeys(record: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A world on an emulator of its own, both closed when `work` ends. Waits have their longest jitter: they are exactly the doubled ones. */
export async function withWorld(
  given: Partial<EmulatorOptions>,
  options: SessionWorldOptions,
  work: (world: SessionWorld, emulator: Emulator) => Promise<void>,
): Promise<void> {
  const emulator = await startEmulator({ ...given, quirks: { eventSocket: 'no-token', ...given.quirks } });
  try {
    const world = await openSessionWorld(emulator, { random: () => 1, ...options });
    try {
      await work(world, emulator);
    } finally {
      await world.close();
    }
  } finally {
    await emulator.close();
  }
}
