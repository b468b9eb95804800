import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

/** ms; who cannot be asked by then is not named. */
const deadlineMs = 3_000;

/**
 * The programs that keep a volume from being unmounted: a file of theirs is open in it, or they work in one of its folders.
 * Their names, each once. Best effort: those of other users are not seen.
 */
export async function findHolders(mountPoint: string): Promise<string[]> {
  const found = process.platform === 'darwin' ? askLsof(mountPoint) : searchProcesses(mountPoint);
  const names = await Promise.race([found.catch(() => []), delay(deadlineMs, [], { ref: false })]);
  return [...new Set(names)].sort();
}

async function askLsof(mountPoint: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)('/usr/sbin/lsof', ['-Fc', '--', mountPoint], { timeout: deadlineMs });
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('c'))
    .map((line) => line.slice(1));
}

async function searchProcesses(mountPoint: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const holding = await Promise.all(pids.map((pid) => holds(`/proc/${pid}`, mountPoint)));
  return Promise.all(pids.filter((_, index) => holding[index]).map((pid) => getName(`/proc/${pid}`)));
}

/** The links of /proc tell paths without a look at what they lead to. */
async function holds(dir: string, mountPoint: string): Promise<boolean> {
  const handles = await readdir(`${dir}/fd`).catch(() => []);
  for (const link of ['cwd', 'root', ...handles.map((fd) => `fd/${fd}`)]) {
    const target = await readlink(`${dir}/${link}`).catch(() => '');
    if (target === mountPoint || target.startsWith(mountPoint + path.sep)) return true;
  }
  return false;
}

async function getName(dir: string): Promise<string> {
  const name = (await readFile(`${dir}/comm`, 'utf8').catch(() => '')).trim();
  const args = (await readFile(`${dir}/cmdline`, 'utf8').catch(() => '')).split('\0');
  return toProgramName(name, args);
}

/** What a person knows a process by: of one that runs a script in Node.js, and so do VS Code's own, the script. */
export function toProgramName(name: string, args: readonly string[]): string {
  const runsNode = /(^|\/)(node|code|electron)[^/]*$/i.test(args[0] ?? '') || name === 'node';
  if (!runsNode) return name;
  const type = args.find((arg) => arg.startsWith('--type='))?.slice('--type='.length);
  const script = args.slice(1).find((arg) => /\.[cm]?[jt]s$/.test(arg));
  return type ?? (script === undefined ? name : path.basename(script).replace(/\.[cm]?[jt]s$/, ''));
}
