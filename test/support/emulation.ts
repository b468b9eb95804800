import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Emulator, type EmulatorOptions, startEmulator } from '../emulator/emulator.ts';
import { md5 } from './md5.ts';

const endings = new WeakMap<TestContext, (() => Promise<void>)[]>();

/** Runs when the test ends, last registered first, so that a folder outlives the emulator that writes to it. */
export function atEnd(test: TestContext, work: () => Promise<void>): void {
  let works = endings.get(test);
  if (!works) {
    const added: (() => Promise<void>)[] = [];
    works = added;
    endings.set(test, added);
    test.after(async () => {
      for (const each of added.reverse()) await each();
    });
  }
  works.push(work);
}

/** A temporary folder that goes away with the test. */
export async function tempFolder(test: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'contract-'));
  atEnd(test, () => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** An emulator that closes with the test. */
export async function emulatorFor(test: TestContext, options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator(options);
  atEnd(test, () => emulator.close());
  return emulator;
}

export interface Run {
  code: number;
  out: string;
  err: string;
}

/**
 * Runs rclone on an emulator that was started with an rclone folder; never throws for a failing exit code. `answers` are
 * typed one by one, each when rclone asks with a line that ends in `> `; without any, standard input is empty.
 */
export async function tryRclone(
  emulator: Emulator,
  args: string[],
  config?: string,
  answers: string[] = [],
): Promise<Run> {
  if (!emulator.rclone) throw new Error('the emulator was started without rclone');
  const { env, config: own } = emulator.rclone;
  const all = ['--config', config ?? own, '--low-level-retries', '2', ...args];
  const child = spawn('rclone', all, { env: { ...process.env, ...env } });
  const run: Run = { code: -1, out: '', err: '' };
  const left = [...answers];
  if (left.length === 0) child.stdin.end();
  child.stdin.on('error', () => {});
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    run.out += text;
    if (/> $/.test(run.out) && left.length > 0) child.stdin.write(`${left.shift()}\n`);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    run.err += text;
  });
  run.code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? -1));
  });
  return run;
}

/** Runs rclone and returns its standard output; throws with its errors when it fails. */
export async function rclone(emulator: Emulator, ...args: string[]): Promise<string> {
  const run = await tryRclone(emulator, args);
  if (run.code !== 0) throw new Error(`rclone ${args.join(' ')} exited ${run.code}: ${run.err}`);
  return run.out;
}

export interface Answer {
  status: number;
  text: string;
  headers: Headers;
}

/** A client of bare HTTP, signed in: just enough to ask what rclone never asks. */
export class RawClient {
  readonly emulator: Emulator;
  accessToken = '';
  refreshToken = '';

  constructor(emulator: Emulator) {
    this.emulator = emulator;
  }

  static async signIn(emulator: Emulator): Promise<RawClient> {
    const client = new RawClient(emulator);
    const login = JSON.parse(Buffer.from(emulator.newLoginToken(), 'base64url').toString());
    await client.keepTokens(
      await client.token({
        client_id: 'jottacli',
        grant_type: 'password',
        password: login.auth_token,
        username: login.username,
        scope: 'openid offline_access',
      }),
    );
    return client;
  }

  async token(form: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> {
    const url = `${this.emulator.url}/auth/realms/jottacloud/protocol/openid-connect/token`;
    return answerOf(await fetch(url, { method: 'POST', body: new URLSearchParams(form), headers }));
  }

  refresh(refreshToken = this.refreshToken): Promise<Answer> {
    return this.token({ client_id: 'jottacli', grant_type: 'refresh_token', refresh_token: refreshToken });
  }

  async keepTokens(answer: Answer): Promise<void> {
    const { access_token, refresh_token } = JSON.parse(answer.text);
    Object.assign(this, { accessToken: access_token, refreshToken: refresh_token });
  }

  /** Sends a request to a path of this origin, or to an absolute URL, with the access token. */
  async send(
    method: string,
    path: string,
    body?: RequestInit['body'],
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const url = path.startsWith('http') ? path : `${this.emulator.url}${path}`;
    const all = { authorization: `Bearer ${this.accessToken}`, ...headers };
    return answerOf(await fetch(url, { method, headers: all, ...(body === undefined ? {} : { body }) }));
  }

  /** Path on jfs of `/device/mountpoint/…`. */
  jfs(path: string, query = ''): string {
    return `/jfs/${this.emulator.user}${path.split('/').map(encodeURIComponent).join('/')}${query}`;
  }

  get(path: string, query = '', headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('GET', this.jfs(path, query), undefined, headers);
  }

  post(path: string, query: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('POST', this.jfs(path, query), undefined, headers);
  }

  /** The target of mv, mvDir and cp, form-encoded. */
  target(path: string): string {
    return encodeURIComponent(`/${this.emulator.user}${path}`);
  }

  async allocate(path: string, content: string | Uint8Array, extra: object = {}) {
    const bytes = Buffer.byteLength(content);
    const request = { path: `/jfs${path}`, bytes, md5: md5(content), ...extra };
    const headers = { 'content-type': 'application/json' };
    const answer = await this.send('POST', '/files/v1/allocate', JSON.stringify(request), headers);
    const parsed = JSON.parse(answer.text) as {
      state: string;
      upload_url: string;
      resume_pos: number;
      error_id: string;
    };
    return { ...parsed, status: answer.status };
  }

  async upload(path: string, content: string): Promise<void> {
    const { state, upload_url: url } = await this.allocate(path, content);
    if (state === 'COMPLETED') return;
    const answer = await this.send('POST', url, content, { 'content-type': 'application/octet-stream' });
    if (answer.status !== 200) throw new Error(`upload of ${path}: ${answer.status} ${answer.text}`);
  }
}

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, text: await response.text(), headers: response.headers };
}
