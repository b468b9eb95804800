import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { killGroup } from '../../../tools/setup/processGroup.ts';
import { createWorld, type Headless, type World } from '../support.ts';
import { assertRcloneSees, digestVolume, untilSame } from './comparing.ts';

/** A program that has not ended by then hangs. */
const programMs = 120_000;
/** What a server that is asked once a second costs nothing, and what interferes with everything. */
const pollSeconds = 1;

/** A mounted volume and an ordinary folder, for the same programs. */
export interface Stage {
  readonly world: World;
  /** The volume's root: /Jotta/Archive. */
  readonly mount: string;
  /** A folder on the local disk. */
  readonly local: string;
  /** The drive that serves the volume now. */
  drive(): Headless;
  /** Runs a bash script (`set -euo pipefail`) in `cwd`, the volume unless given; resolves with its stdout. */
  sh(script: string, options?: ShellOptions): Promise<string>;
  /** Starts a program and leaves it running; it is killed with the stage. */
  start(file: string, args: readonly string[], cwd?: string): ChildProcess;
  /** Unmounts with everything pushed, and mounts again. */
  remount(): Promise<void>;
  /** Unmounts with everything pushed, then compares: see `assertSame`. Also: nothing failed, nothing was in conflict. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

export interface ShellOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What the script reads from its standard input. */
  readonly input?: string;
}

/** One emulator and one drive, polling every second, for all tests of a file. */
export async function openStage(options: { settleMs?: number } = {}): Promise<Stage> {
  const world = await createWorld();
  const driveOptions = { pollSeconds, settleMs: options.settleMs ?? 500 };
  let drive = await world.start({ ...driveOptions, loginToken: world.emulator.newLoginToken() });
  const { mountPoint } = drive;
  const local = join(world.dir, 'local');
  const home = join(world.dir, 'home');
  for (const dir of [local, home]) await mkdir(dir);
  const env = programEnv(home);
  const logs: string[] = [];
  const children = new Set<ChildProcess>();
  const stop = async () => {
    assert.equal(await drive.stop(), 0, 'the drive ends in order');
    logs.push(drive.log());
  };
  return {
    world,
    mount: mountPoint,
    local,
    drive: () => drive,
    sh: (script, given = {}) =>
      runScript(script, { cwd: given.cwd ?? mountPoint, env: { ...env, ...given.env }, input: given.input ?? '' }),
    start: (file, args, cwd = mountPoint) => {
      const child = spawn('bash', ['-c', `${enter(cwd)} && exec "$0" "$@"`, file, ...args], {
        env,
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      children.add(child);
      child.once('exit', () => children.delete(child));
      return child;
    },
    remount: async () => {
      await stop();
      drive = await world.start(driveOptions);
    },
    finish: async () => {
      const expected = await digestVolume(mountPoint);
      await stop();
      await untilSame(world, expected);
      await assertRcloneSees(world, expected);
      const log = logs.join('');
      assert.doesNotMatch(log, / ERROR /, 'no operation failed for a reason of its own');
      assert.deepEqual(
        [...expected.keys()].filter((path) => path.includes('conflicted copy')),
        [],
      );
    },
    close: async () => {
      for (const child of children) child.kill('SIGKILL');
      await world.close();
    },
  };
}

/** The environment of a person's shell: none of a test runner's, of npm's or of the project's Node.js. */
function programEnv(home: string): NodeJS.ProcessEnv {
  const foreign = /^(npm_|NODE_|GIT_)/;
  const kept = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  return {
    ...Object.fromEntries(kept),
    PATH: folders.join(delimiter),
    HOME: home,
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    TERM: 'xterm',
  };
}

/**
 * Enters a folder of the volume from within the program: as the `cwd` of a spawn it would be entered while this process
 * waits, and the emulator that has to answer is in this process.
 */
function enter(dir: string): string {
  return `cd '${dir}'`;
}

async function runScript(
  script: string,
  options: { cwd: string; env: NodeJS.ProcessEnv; input: string },
): Promise<string> {
  const child = spawn('bash', ['-c', `set -euo pipefail; ${enter(options.cwd)}\n${script}`], {
    env: options.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const timer = setTimeout(() => child.pid !== undefined && killGroup(child.pid, 'SIGKILL'), programMs);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  // A program that never reads its input may be gone before the input is.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input);
  const end = await new Promise((resolve) => child.once('close', (code, signal) => resolve(code ?? signal)));
  clearTimeout(timer);
  assert.equal(end, 0, `the script ended with ${end}:\n${script}\n${output.stdout}\n${output.stderr}`);
  return output.stdout;
}

/** A system call and its arguments; the names are those of `operations` in syscalls.py. */
export type Step = readonly [operation: string, ...args: (string | number)[]];

/** Makes system calls in `cwd` from a process of its own; resolves with what each answered, or its errno's name. */
export async function replay(stage: Stage, steps: readonly Step[], cwd = stage.mount): Promise<unknown[]> {
  const script = join(import.meta.dirname, 'syscalls.py');
  return JSON.parse(await stage.sh(`python3 '${script}'`, { cwd, input: JSON.stringify(steps) })) as unknown[];
}

/** The results that are an errno, each with its step. */
export function failures(steps: readonly Step[], results: readonly unknown[]): unknown[] {
  return steps.map((step, index) => [step, results[index]]).filter(([, result]) => /^E[A-Z0-9]+$/.test(String(result)));
}

/** Waits until the server has exactly what the volume shows, md5 for md5; rclone, a second client, agrees. */
export async function assertSame(stage: Stage): Promise<void> {
  const expected = await digestVolume(stage.mount);
  await untilSame(stage.world, expected);
  await assertRcloneSees(stage.world, expected);
}

/** Runs `script` in a folder of that name on the volume and on the local disk: what it prints and leaves is the same. */
export async function assertLikeLocal(stage: Stage, name: string, script: string): Promise<string> {
  const [here, there] = [join(stage.local, name), join(stage.mount, name)];
  const outputs: string[] = [];
  for (const cwd of [here, there]) {
    await mkdir(cwd);
    outputs.push(await stage.sh(script, { cwd }));
  }
  assert.equal(outputs[1], outputs[0], 'the program says the same');
  assert.equal(await describeTree(stage, there), await describeTree(stage, here), 'and leaves the same');
  return outputs[1] ?? '';
}

/** One line per entry: path, kind, mode, size of files, target of links, md5. */
export async function describeTree(stage: Stage, dir: string): Promise<string> {
  const entries = await stage.sh(
    `find . -mindepth 1 \\( -type f -printf '%P %y %m %s\\n' -o -type l -printf '%P %y %l\\n' -o -printf '%P %y %m\\n' \\) | sort`,
    { cwd: dir },
  );
  return entries + (await stage.sh('find . -type f -print0 | sort -z | xargs -0r md5sum', { cwd: dir }));
}
