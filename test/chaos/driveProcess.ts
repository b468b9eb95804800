import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Violation } from './violation.ts';

const run = promisify(execFile);
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Longest start and longest clean end (the drive itself drains for at most 60 s). ms. */
const startMs = 60_000;
const stopMs = 100_000;
/** From SIGKILL to the end: more means that the kernel holds a thread. ms. */
const killMs = 5_000;

export interface DriveOptions {
  readonly endpoint: string;
  readonly volume: string;
  readonly state: string;
  readonly logFile: string;
}

/**
 * The headless drive, started again and again on one state. `epoch` grows with every end of a process; whoever works on
 * the volume waits for `whenUp` and compares epochs.
 */
export class DriveProcess {
  readonly #options: DriveOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<number | null> = Promise.resolve(0);
  #up = Promise.withResolvers<void>();
  #expectsEnd = false;
  #lines: string[] = [];
  epoch = 0;
  isUp = false;
  /** An unmount from outside was asked for: the volume may be gone before anybody here knows. */
  isBeingEjected = false;
  /** Called when the volume goes: descriptors must be closed, or a detached volume never ends. */
  onDown: () => void = () => {};
  /** Called when the process ends and nobody asked it to. */
  onDeath: (violation: Violation) => void = () => {};

  constructor(options: DriveOptions) {
    this.#options = options;
  }

  get whenUp(): Promise<void> {
    return this.#up.promise;
  }

  /** Log lines since the last call; the log file keeps all. */
  takeLog(): string[] {
    return this.#lines.splice(0);
  }

  get log(): readonly string[] {
    return this.#lines;
  }

  /** Resolves when the volume is mounted; answers false when the drive refused to start. */
  async start(given: { loginToken?: string; settleMs: number }): Promise<boolean> {
    const { endpoint, volume, state } = this.#options;
    const args = ['--endpoint', endpoint, '--mount-point', volume, '--state', state, '--source', '/Jotta'];
    args.push('--poll', '1', '--settle-ms', String(given.settleMs));
    if (given.loginToken !== undefined) args.push('--login-token', given.loginToken);
    this.note(`-- start${given.loginToken === undefined ? '' : ' with a login token'}`);
    const report = ['--report-on-signal', '--report-directory', dirname(this.#options.logFile)];
    const child = spawn(process.execPath, [...report, join(root, 'src/drive/headless/headless.ts'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.#expectsEnd = false;
    createInterface({ input: child.stderr }).on('line', (line) => this.note(line));
    this.#exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    const mounted = new Promise<boolean>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (line) => resolve(line.startsWith('mounted ')));
      void this.#exited.then(() => resolve(false));
    });
    const timer = new AbortController();
    const late = delay(startMs, undefined, { signal: timer.signal }).then(
      async () => {
        await this.#reportHang(child);
        throw new Violation([`the drive did not mount in ${startMs / 1000} s`]);
      },
      () => false,
    );
    const ok = await Promise.race([mounted, late]);
    timer.abort();
    if (!ok) return false;
    this.isUp = true;
    this.#up.resolve();
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
    this.#expectsEnd = true;
    this.#end();
    this.#child?.kill('SIGKILL');
    if (await this.#hasEndedIn(killMs)) return { hung: false };
    this.note('-- SIGKILL did not end it; the connection is aborted');
    await run('umount', ['-f', this.#options.volume]).catch((error) => this.note(`-- ${error}`));
    if (await this.#hasEndedIn(killMs)) return { hung: true };
    throw new Violation(['neither SIGKILL nor aborting its connection ended the drive']);
  }

  /** SIGTERM. Answers whether nothing was left pending. */
  async stop(): Promise<{ drained: boolean }> {
    this.note('-- SIGTERM');
    return this.#endCleanly(async () => void this.#child?.kill('SIGTERM'));
  }

  /** The volume is taken away from outside: an eject (`-u`), or while in use (`-u -z`). The drive then ends by itself. */
  async eject(force: boolean): Promise<{ drained: boolean } | undefined> {
    this.note(`-- ${force ? 'lazy unmount' : 'unmount'} from outside`);
    const ask = () => run('fusermount3', force ? ['-u', '-z', this.#options.volume] : ['-u', this.#options.volume]);
    if (!force) {
      this.#expectsEnd = true;
      this.isBeingEjected = true;
      try {
        await ask();
      } catch {
        // Busy: that is the kernel's answer to an eject of a volume in use.
        this.#expectsEnd = false;
        this.note('-- the volume was busy');
        this.isBeingEjected = false;
        return undefined;
      }
    }
    return this.#endCleanly(async () => {
      if (force) await ask();
    });
  }

  /** Takes away what a killed drive leaves mounted. */
  async detach(): Promise<void> {
    await run('fusermount3', ['-u', '-z', this.#options.volume]).catch(() => undefined);
  }

  note(line: string): void {
    const text = line.startsWith('--') ? `${new Date().toISOString()} ${line}` : line;
    this.#lines.push(text);
    appendFileSync(this.#options.logFile, `${text}\n`);
  }

  async #endCleanly(ask: () => Promise<void>): Promise<{ drained: boolean }> {
    const from = this.#lines.length;
    this.#expectsEnd = true;
    this.#end();
    await ask();
    if (!(await this.#hasEndedIn(stopMs))) {
      await this.#reportHang(this.#child);
      throw new Violation([`the drive did not end in ${stopMs / 1000} s`]);
    }
    const code = await this.#exited;
    if (code !== 0) throw new Violation([`the drive ended with exit code ${code} after a clean request to end`]);
    return { drained: !this.#lines.slice(from).some((line) => line.includes('work is left')) };
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
    this.isBeingEjected = false;
    this.epoch += 1;
    this.#up = Promise.withResolvers();
    this.onDown();
  }
}
