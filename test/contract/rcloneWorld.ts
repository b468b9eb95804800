import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Emulator, type EmulatorOptions, startEmulator } from '../emulator/emulator.ts';
import type { RecordedRequest } from '../emulator/requestLog.ts';
import { emulatorFor, tempFolder, tryRclone } from '../support/emulation.ts';

/** One command of a stock rclone and what it put on the wire. */
export interface Ran {
  code: number;
  out: string;
  err: string;
  /** Requests in order of arrival, one line each, as `lineOf` writes them. */
  wire: string[];
  requests: RecordedRequest[];
}

export interface RcloneWorld {
  emulator: Emulator;
  /** A temporary folder for local files. */
  folder: string;
  /** Runs one command; its exit code must be 0. Every request is held to `assertManners`. */
  run(...args: string[]): Promise<Ran>;
  /** The same with any exit code. */
  tryRun(...args: string[]): Promise<Ran>;
}

export async function rcloneWorld(test: TestContext, options: EmulatorOptions = {}): Promise<RcloneWorld> {
  const folder = await tempFolder(test);
  return worldOf(await emulatorFor(test, { rclone: join(folder, 'rclone'), ...options }), folder);
}

export function worldOf(emulator: Emulator, folder: string): RcloneWorld {
  const tryRun = async (...args: string[]) => {
    emulator.resetStats();
    const run = await tryRclone(emulator, ['--retries', '1', ...args]);
    const requests = emulator.requests();
    for (const request of requests) assertManners(request);
    return { ...run, requests, wire: requests.map((request) => lineOf(emulator, request)) };
  };
  return {
    emulator,
    folder,
    tryRun,
    async run(...args) {
      const ran = await tryRun(...args);
      assert.equal(ran.code, 0, `rclone ${args.join(' ')}: ${ran.err}`);
      return ran;
    },
  };
}

/**
 * `GET jfs/Jotta/Archive/a%20b?mode=bin` with every escape as sent, ` → 404` added unless the answer was 2xx. The user name in
 * jfs paths and in targets of moves is left out; the URL of an upload, which is opaque, is `upload`.
 */
export function lineOf({ user }: Emulator, { kind, method, url, status = 0 }: RecordedRequest): string {
  const short = url.replace(new RegExp(`^/jfs/${user}`), 'jfs').replace(`=%2F${user}%2F`, '=%2F');
  return `${method} ${kind === 'upload' ? 'upload' : short}${status >= 200 && status < 300 ? '' : ` → ${status}`}`;
}

/** The first request of every command: the internal user name is asked for each time (PROTOCOL.md §1.5). */
export const customer = 'GET /account/v1/customer';

/** What rclone's requests have in common (PROTOCOL.md §7). */
function assertManners({ kind, method, url, headers }: RecordedRequest): void {
  const what = `${method} ${url}`;
  assert.match(headers['user-agent'] ?? '', kind === 'token' || kind === 'wellKnown' ? /./ : /^rclone\//, what);
  // Go's transport offers gzip unless a part is asked for.
  assert.equal(headers['accept-encoding'], headers.range === undefined ? 'gzip' : undefined, what);
  assert.equal(headers['transfer-encoding'], undefined, what);
  assert.ok(method === 'GET' || method === 'POST', what);
  if (kind === 'token' || kind === 'wellKnown') return;
  assert.match(headers.authorization ?? '', /^Bearer \S+$/, what);
  assert.match(headers.host ?? '', url.startsWith('/jfs/') ? /^jfs\.jottacloud\.com$/ : /^api\.jottacloud\.com$/, what);
  const types: Partial<Record<typeof kind, string>> = {
    allocate: 'application/json',
    upload: 'application/octet-stream',
  };
  assert.equal(headers['content-type'], types[kind], what);
  if (method === 'POST' && types[kind] === undefined) assert.equal(headers['content-length'], '0', what);
  if (kind !== 'upload' && kind !== 'download') assert.equal(headers.range, undefined, what);
  if (kind !== 'cphash')
    for (const name of ['jsize', 'jmd5', 'jcreated', 'jmodified']) assert.ok(!(name in headers), what);
}

/** Compares what came in no fixed order, because rclone works on several files at once. */
export function assertSame(actual: readonly string[], expected: readonly string[]): void {
  assert.deepEqual(actual.toSorted(), expected.toSorted());
}

/** The `path`, `bytes` and `md5` of the allocate requests, by path. */
export function allocated(requests: readonly RecordedRequest[]): Map<string, Record<string, unknown>> {
  const bodies = requests.filter(({ kind }) => kind === 'allocate').map(({ body }) => JSON.parse(body));
  return new Map(bodies.map((body) => [body.path, body]));
}

export function only(requests: readonly RecordedRequest[], kind: RecordedRequest['kind']): RecordedRequest {
  const [found, ...more] = requests.filter((request) => request.kind === kind);
  assert.ok(found && more.length === 0, `not exactly one ${kind} request`);
  return found;
}

/** Writes local files, parents included; returns the folder. */
export async function writeFiles(folder: string, files: Record<string, string | Buffer>): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

/** Content of every file below a local folder by its path there. */
export async function readTree(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(folder.length + 1), await readFile(path, 'utf8'));
  }
  return files;
}

/** Live items below /Jotta/Archive: `path` for files, `path/` for folders. */
export function livePaths(emulator: Emulator): string[] {
  const archive = '/Jotta/Archive/';
  const items = emulator.tree().filter(({ path }) => path.startsWith(archive));
  return items.map(({ path, kind }) => path.slice(archive.length) + (kind === 'folder' ? '/' : '')).sort();
}

/** Runs `work` in a world of its own that ends with it: for hooks, which have no end of their own. */
export async function oneJourney<T>(options: EmulatorOptions, work: (world: RcloneWorld) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'contract-'));
  try {
    const emulator = await startEmulator({ rclone: join(folder, 'rclone'), ...options });
    try {
      return await work(worldOf(emulator, folder));
    } finally {
      await emulator.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
