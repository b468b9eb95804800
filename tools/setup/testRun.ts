import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, rmdir, statfs } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { endGroup } from './processGroup.ts';

const execFileAsync = promisify(execFile);
const marker = 'JOTTACLOUD_TEST_RUN';
/** A drive process may outlive its window by its grace of 30 s (src/drive/main.ts), and then flushes. */
const patienceMs = 40_000;
/** Where Linux keeps files in memory. */
const memory = '/dev/shm';
/** What suites have written at most, several times over. */
const roomBytes = 4 * 1024 ** 3;

/** The run of one suite: its temporary folder, and the means to find whatever it left behind. */
export class TestRun {
  /** Short, because unix sockets below it must fit in 108 bytes. TMPDIR of the suite. */
  readonly dir: string;
  /** Process group of the suite while it runs. */
  group: number | undefined;
  readonly #id = randomUUID();

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** `inMemory`: its folder is in memory where that has room, for a suite whose files need not be on a disk. */
  static async start(inMemory = false): Promise<TestRun> {
    return new TestRun(await mkdtemp(path.join(inMemory && (await hasRoom(memory)) ? memory : '/tmp', 'jv-')));
  }

  get env(): NodeJS.ProcessEnv {
    return { TMPDIR: this.dir, [marker]: this.#id };
  }

  async abort(): Promise<void> {
    if (this.group !== undefined) await endGroup(this.group);
    await this.cleanUp(0);
    await this.dispose();
  }

  /** Removes the folder, unless something is still mounted in it: what is mounted must not be deleted. */
  async dispose(): Promise<void> {
    if ((await this.#findMounts()).length === 0) await rm(this.dir, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Ends stray processes and mounts of the suite; resolves with one line for each. Linux only: needs /proc. */
  async cleanUp(waitMs = patienceMs): Promise<string[]> {
    if (process.platform !== 'linux') return [];
    const deadline = performance.now() + waitMs;
    let strays = await this.#findStrays();
    while (strays.length > 0 && performance.now() < deadline) {
      await delay(200);
      strays = await this.#findStrays();
    }
    const problems: string[] = [];
    for (const { pid, command } of strays) {
      problems.push(`left a process behind: ${pid} ${command}`);
      tryKill(pid);
    }
    for (const mountPoint of await this.#findMounts()) {
      problems.push(`left a mount behind: ${mountPoint}`);
      await detachMount(mountPoint);
    }
    return problems;
  }

  /** Detached children leave the process group, but not their environment. */
  async #findStrays(): Promise<{ pid: number; command: string }[]> {
    const strays = [];
    const needle = `${marker}=${this.#id}\0`;
    for (const name of await readdir('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      const environ = await readSoon(`/proc/${name}/environ`);
      if (!environ.includes(needle)) continue;
      const command = await readSoon(`/proc/${name}/cmdline`);
      strays.push({ pid: Number(name), command: command.replaceAll('\0', ' ').trim().slice(0, 200) });
    }
    return strays;
  }

  /** From the kernel's table: looking at the folders themselves would hang on a mount that hangs. */
  async #findMounts(): Promise<string[]> {
    if (process.platform !== 'linux') return [];
    const table = await readFile('/proc/self/mountinfo', 'utf8');
    const points = table.split('\n').map((line) => line.split(' ')[4]?.replaceAll('\\040', ' ') ?? '');
    return points.filter((point) => point.startsWith(this.dir + path.sep)).reverse();
  }
}

async function hasRoom(folder: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder).catch(() => ({ bavail: 0, bsize: 0 }));
  return bavail * bsize > roomBytes;
}

/** In this order: `fusermount3 -uz` first would take the path away that `umount -f` needs to abort what hangs. */
async function detachMount(mountPoint: string): Promise<void> {
  await execFileAsync('umount', ['-f', mountPoint]).catch(() => undefined);
  await execFileAsync('fusermount3', ['-uz', mountPoint]).catch(() => undefined);
  await rmdir(mountPoint).catch(() => undefined);
}

/** Reading about a process that hangs in a dead mount can hang as well: it counts as unreadable. */
async function readSoon(file: string): Promise<string> {
  const text = readFile(file, 'latin1').catch(() => '');
  return await Promise.race([text, delay(2_000, '', { ref: false })]);
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}
