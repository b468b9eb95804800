import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as messages from '../../src/protocol/messages.ts';
import type { Disk } from './disk.ts';
import { createLogReader } from './logReader.ts';
import { Violation } from './violation.ts';
import { attachWindow, type Secrets, type Window } from './window.ts';

const run = promisify(execFile);
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Longest start and longest clean end (the drive itself drains for at most 20 s). ms. */
const startMs = 60_000;
const stopMs = 100_000;
/** From SIGKILL to the end: more means that the kernel holds a thread. ms. */
const killMs = 5_000;

export interface DriveProcessOptions {
  readonly endpoint: string;
  readonly volume: string;
  readonly state: string;
  readonly cache: string;
  /** The home of its user. */
  readonly home: string;
  readonly logFile: string;
}

/** How a drive is asked to end: by a signal, or by a window. */
export type Ask = 'SIGTERM' | 'handOver' | 'drain';

/**
 * The drive process with one window, started again and again on one state. `epoch` grows whenever the volume goes, `life`
 * with every process; whoever works on the volume waits for `whenUp` and compares epochs.
 */
export class DriveProcess {
  readonly #options: DriveProcessOptions;
  readonly #secrets: Secrets = { stored: undefined };
  readonly #readLog: () => string[];
  #child: ChildProcess | undefined;
  #window: Window | undefined;
  #exited: Promise<number | null> = Promise.resolve(0);
  #up = Promise.withResolvers<void>();
  #expectsEnd = false;
  /** Counts the starts of the computer. */
  #boot = 1;
  #lines: string[] = [];
  epoch = 0;
  life = 0;
  isUp = false;
  /** An unmount from outside was asked for: the volume may be gone before anybody here knows. */
  isBeingEjected = false;
  /** Called when the volume goes: descriptors must be closed, or a detached volume never ends. */
  onDown: () => void = () => {};
  /** Called when the process ends and nobody asked it to. */
  onDeath: (violation: Violation) => void = () => {};

  constructor(options: DriveProcessOptions) {
    this.#options = options;
    this.#readLog = createLogReader(join(options.state, 'drive.log'));
  }

  /** The one that is attached, or was last. */
  get window(): Window {
    if (this.#window === undefined) throw new Error('no window was ever attached');
    return this.#window;
  }

  get whenUp(): Promise<void> {
    return this.#up.promise;
  }

  /** Log lines since the last call; the log file keeps all. */
  takeLog(): string[] {
    this.#pullLog();
    return this.#lines.splice(0);
  }

  get log(): readonly string[] {
    this.#pullLog();
    return this.#lines;
  }

  /** Resolves when the volume is mounted; answers false when the drive refused to start, to sign in or to mount. */
  async start(given: { loginToken?: string; settleMs: number }): Promise<boolean> {
    const { endpoint, state, cache, home, logFile } = this.#options;
    this.note(`-- start${given.loginToken === undefined ? '' : ' with a login token'}`);
    const args = [
      '--report-on-signal',
      '--report-directory',
      dirname(logFile),
      '--import',
      join(root, 'test/chaos/driveWorld.ts'),
    ];
    args.push(join(root, 'src/drive/main.ts'), '--state', state, '--cache', cache);
    const env = {
      JOTTACLOUD_ENDPOINT: endpoint,
      HOME: home,
      CHAOS_SETTLE_MS: String(given.settleMs),
      CHAOS_BOOT: `boot ${this.#boot}`,
    };
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...env },
    });
    this.#child = child;
    this.life += 1;
    this.#expectsEnd = false;
    createInterface({ input: child.stderr }).on('line', (line) => this.note(line));
    const ended = new AbortController();
    this.#exited = new Promise((resolve) => child.once('exit', resolve));
    void this.#exited.then(() => ended.abort());
    if (!(await this.#bringUp(child, given.loginToken, ended.signal))) {
      this.#expectsEnd = true;
      child.kill('SIGKILL');
      await this.#exited;
      return false;
    }
    void this.#exited.then((code) => {
      if (this.#child !== child) return;
      this.#end();
      if (!this.#expectsEnd) this.onDeath(new Violation([`the drive ended by itself, exit code ${code}`]));
    });
    return true;
  }

  /**
   * SIGKILL. Answers whether the drive ended by itself. A thread that was telling the kernel to forget a name, while the
   * kernel held that folder for an operation the drive will never answer, waits for ever and cannot be killed: then the
   * connection is aborted, as whoever starts the next drive would have to do.
   */
  async kill(): Promise<{ hung: boolean }> {
    this.note('-- SIGKILL');
    return this.#kill();
  }

  /** The computer goes down, and comes up anew: `disk` has what was on it for good. */
  async cutPower(disk: Disk): Promise<{ hung: boolean }> {
    this.note('-- power cut');
    this.#expectsEnd = true;
    this.#end();
    // Nothing is answered any more, not even with an error.
    this.#child?.kill('SIGSTOP');
    let death = { hung: false };
    await disk.cutPower(async () => {
      death = await this.#kill();
    });
    this.#boot += 1;
    return death;
  }

  async #kill(): Promise<{ hung: boolean }> {
    this.#expectsEnd = true;
    this.#end();
    this.#child?.kill('SIGKILL');
    if (await this.#hasEndedIn(killMs)) return { hung: false };
    this.note('-- SIGKILL did not end it; the connection is aborted');
    await run('umount', ['-f', this.#options.volume]).catch((error) => this.note(`-- ${error}`));
    if (await this.#hasEndedIn(killMs)) return { hung: true };
    throw new Violation(['neither SIGKILL nor aborting its connection ended the drive']);
  }

  /** A clean end; what is pending goes on at the next start. */
  async stop(ask: Ask): Promise<void> {
    this.note(`-- ${ask}`);
    await this.#endCleanly(async () => {
      if (ask === 'SIGTERM') this.#child?.kill('SIGTERM');
      else await this.window.rpc.sendRequest(messages.shutdown, { reason: ask }).catch(() => undefined);
    });
  }

  /**
   * The volume is taken away from outside: an eject (`-u`), or while in use (`-u -z`). The drive goes on without it. Answers
   * false when the volume was busy.
   */
  async eject(force: boolean): Promise<boolean> {
    const { volume } = this.#options;
    this.note(`-- ${force ? 'lazy unmount' : 'unmount'} from outside`);
    this.isBeingEjected = true;
    try {
      await run('fusermount3', force ? ['-u', '-z', volume] : ['-u', volume]);
    } catch {
      // Busy: that is the kernel's answer to an eject of a volume in use.
      this.note('-- the volume was busy');
      this.isBeingEjected = false;
      return false;
    }
    this.#end();
    if (await this.window.seesState(({ mounts }) => mounts.length === 0, stopMs)) return true;
    await this.#reportHang(this.#child);
    throw new Violation([`the drive did not see in ${stopMs / 1000} s that its volume is gone`]);
  }

  /** A window brings back a volume that was taken away. */
  async mountAgain(): Promise<void> {
    await this.#mount();
    this.#begin();
  }

  /** Takes away what a killed drive leaves mounted. */
  async detach(): Promise<void> {
    await run('fusermount3', ['-u', '-z', this.#options.volume]).catch(() => undefined);
  }

  note(line: string): void {
    this.#pullLog();
    const text = line.startsWith('--') ? `${new Date().toISOString()} ${line}` : line;
    this.#lines.push(text);
    appendFileSync(this.#options.logFile, `${text}\n`);
  }

  async #endCleanly(ask: () => Promise<void>): Promise<void> {
    this.#expectsEnd = true;
    this.#end();
    await ask();
    if (!(await this.#hasEndedIn(stopMs))) {
      await this.#reportHang(this.#child);
      throw new Violation([`the drive did not end in ${stopMs / 1000} s`]);
    }
    const code = await this.#exited;
    if (code !== 0) throw new Violation([`the drive ended with exit code ${code} after a clean request to end`]);
  }

  async #bringUp(child: ChildProcess, loginToken: string | undefined, ended: AbortSignal): Promise<boolean> {
    const timer = new AbortController();
    const late = delay(startMs, undefined, { signal: timer.signal }).then(
      async () => {
        await this.#reportHang(child);
        throw new Violation([`the drive did not mount in ${startMs / 1000} s`]);
      },
      () => false,
    );
    try {
      const isUp = this.#attach(loginToken, ended).then(
        () => true,
        (error) => {
          this.note(`-- the window could not go on: ${error}`);
          return false;
        },
      );
      if (!(await Promise.race([isUp, late]))) return false;
    } finally {
      timer.abort();
    }
    this.#begin();
    return true;
  }

  /** What a window does with a drive that it has started. */
  async #attach(loginToken: string | undefined, ended: AbortSignal): Promise<void> {
    const window = await attachWindow(this.#options.state, this.#secrets, startMs, ended);
    this.#window = window;
    if (loginToken !== undefined) await window.rpc.sendRequest(messages.signIn, { loginToken });
    else if (this.#secrets.stored !== undefined) await window.rpc.sendRequest(messages.resume, this.#secrets.stored);
    await this.#mount();
  }

  async #mount(): Promise<void> {
    const { volume } = this.#options;
    await this.window.rpc.sendRequest(messages.mount, { mountPoint: volume, source: '/Jotta', readOnly: false });
  }

  #begin(): void {
    this.isBeingEjected = false;
    this.isUp = true;
    this.#up.resolve();
  }

  #pullLog(): void {
    for (const line of this.#readLog()) {
      this.#lines.push(line);
      appendFileSync(this.#options.logFile, `${line}\n`);
    }
  }

  /** Where it hangs: the report Node.js writes beside the log, if its event loop turns; the kernel's view of each thread. */
  async #reportHang(child: ChildProcess | undefined): Promise<void> {
    if (child?.pid === undefined) return;
    const tasks = `/proc/${child.pid}/task`;
    for (const task of await readdir(tasks).catch(() => [])) {
      const [name, state, stack] = await Promise.all(
        ['comm', 'wchan', 'stack'].map((file) => readFile(join(tasks, task, file), 'utf8').catch(() => '?')),
      );
      this.note(`-- thread ${name?.trim()} waits in ${state}: ${stack?.trim().replaceAll('\n', ' ')}`);
    }
    child.kill('SIGUSR2');
    await delay(2_000);
  }

  async #hasEndedIn(ms: number): Promise<boolean> {
    const timer = new AbortController();
    const late = delay(ms, false, { signal: timer.signal }).catch(() => false);
    const ended = await Promise.race([this.#exited.then(() => true), late]);
    timer.abort();
    return ended;
  }

  #end(): void {
    if (!this.isUp) return;
    this.isUp = false;
    this.epoch += 1;
    this.#up = Promise.withResolvers();
    this.onDown();
  }
}
