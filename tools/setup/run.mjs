// Entry of every `npm run` command that needs more than npm itself: makes a bare clone runnable, then starts the task
// under the project's own Node.js. Plain JavaScript without dependencies, because it runs on any Node.js >= 20 before
// anything is installed. Talks on stderr only: the stdout of a task belongs to whoever reads it.
//
//   node tools/setup/run.mjs <task> [arguments of the task…]

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkCommandLine } from './commandLine.mjs';
import { cachedCode, runtimeEnvironment, runtimeOptions } from './runtime.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/**
 * @typedef {object} Need something the operating system has to bring
 * @property {() => boolean} isThere
 * @property {string[]} apt Debian and Ubuntu packages
 * @property {string[]} brew arguments of `brew install`; empty where macOS has it already or nobody needs it there
 */

/** Commands whose Debian package has their name. */
const programs = ['ed', 'git', 'nano', 'patch', 'python3', 'rsync', 'sqlite3', 'unzip', 'vim', 'zip'];

/** @type {Record<string, Need>} */
const needs = {
  fuse: {
    // macOS mounts by NFS as well.
    isThere: () => onMac() || hasCommand('fusermount3'),
    apt: ['fuse3'], // brings the right libfuse3 along
    brew: [],
  },
  rclone: { isThere: () => hasCommand('rclone'), apt: ['rclone'], brew: ['rclone'] },
  programs: {
    // What test/mount/programs runs on the volume. The tests are of Linux.
    isThere: () => onMac() || [...programs, 'getfattr'].every((name) => hasCommand(name)),
    apt: [...programs, 'attr'],
    brew: [],
  },
  browser: {
    isThere: () =>
      hasCommand('chromium', 'chromium-headless-shell', 'google-chrome') ||
      ['Chromium', 'Google Chrome'].some((name) => existsSync(`/Applications/${name}.app`)),
    apt: ['chromium-headless-shell'],
    brew: ['--cask', 'google-chrome'],
  },
  nfs: {
    // Clients of the NFS volume: programs, and the kernel of a virtual machine. The tests are of Linux.
    isThere: () => onMac() || ['nfs-ls', 'qemu-system-x86_64', 'busybox', 'xz'].every((name) => hasCommand(name)),
    apt: ['libnfs-utils', 'qemu-system-x86', 'busybox-static', 'xz-utils'],
    brew: [],
  },
  benchmarks: {
    // What `npm run bench` judges file systems by. It measures on Linux.
    isThere: () => onMac() || ['dbench', 'fio', 'git', 'postmark'].every((name) => hasCommand(name)),
    apt: ['dbench', 'fio', 'git', 'postmark'],
    brew: [],
  },
  sources: {
    // What Debian's source packages are fetched and unpacked with.
    isThere: () => onMac() || ['apt-get', 'dpkg-deb', 'dpkg-source'].every((name) => hasCommand(name)),
    apt: ['dpkg-dev'],
    brew: [],
  },
  compiler: {
    isThere: () => hasCommand('make') && hasCommand('g++', 'clang++') && hasCommand('python3'),
    apt: ['build-essential', 'python3'],
    brew: [],
  },
};

/** One file is loaded several times faster than the 200 sources it is made of. */
const headless = 'dist/headless.cjs';

/** @type {Record<string, {entry: string, needs: string[], bundle?: string}>} `bundle` is built first where a source is newer. */
const tasks = {
  test: {
    entry: 'tools/setup/test.ts',
    needs: ['fuse', 'rclone', 'programs', 'nfs', 'browser', 'compiler'],
    bundle: headless,
  },
  'test:desktop': { entry: 'test/vscode/harness/desktop.ts', needs: ['fuse'] },
  'test:live': { entry: 'test/live/main.ts', needs: [] },
  demo: { entry: 'tools/demo/main.ts', needs: ['fuse'] },
  emulator: { entry: 'test/emulator/main.ts', needs: [] },
  mount: { entry: headless, needs: ['fuse'], bundle: headless },
  bench: { entry: 'test/bench/main.ts', needs: ['fuse', 'rclone', 'nfs', 'benchmarks'], bundle: headless },
  'test:mangled': { entry: 'test/mount/service/main.ts', needs: ['fuse'] },
  'test:rclone-suites': { entry: 'test/rclone/main.ts', needs: ['sources'] },
  fuzz: { entry: 'test/fuzz/main.ts', needs: ['fuse', 'rclone', 'programs', 'nfs'] },
  chaos: { entry: 'test/chaos/main.ts', needs: ['fuse', 'rclone'] },
  package: { entry: 'tools/setup/package.ts', needs: [] },
  posix: { entry: 'test/posix/main.ts', needs: ['fuse', 'programs'] },
  checkup: { entry: 'test/checkup/main.ts', needs: ['fuse'], bundle: headless },
};

const [taskName, ...taskArguments] = process.argv.slice(2);
const task = Object.hasOwn(tasks, taskName ?? '') ? tasks[taskName] : undefined;
if (task === undefined) fail(`usage: node tools/setup/run.mjs ${Object.keys(tasks).join('|')} [arguments]`);
const answer = checkCommandLine(taskName, taskArguments);
if (answer !== undefined) {
  // What was asked for goes to stdout, a complaint is one line on stderr.
  if ('help' in answer) console.log(answer.help);
  else console.error(`${taskName}: ${answer.problem}. See --help.`);
  process.exit('help' in answer ? 0 : 2);
}

ensureSystemPackages(neededBy(taskName, task));
ensureNodeModules();
if (task.bundle !== undefined) ensureBuilt(task.bundle);
runTask(getPinnedNode(), task.entry);

/** The demo's other needs depend on how it will show itself. */
function neededBy(name, { needs: always }) {
  if (name !== 'demo') return always;
  const usesCodeServer = !hasCommand('code') || taskArguments.includes('--screenshot');
  return [
    ...always,
    ...(usesCodeServer ? ['compiler'] : []),
    ...(taskArguments.includes('--screenshot') ? ['browser'] : []),
  ];
}

function ensureSystemPackages(names) {
  const missing = names.map((name) => needs[name]).filter((need) => !need.isThere());
  if (missing.length === 0) return;
  const install = onMac() ? brewCommands(missing) : aptCommands(missing);
  // On macOS a person decides.
  const mayInstall = !onMac() && hasCommand('apt-get') && (isRoot() || canSudo());
  const printed = install.map((command) => command.join(' ')).join(' && ');
  if (!mayInstall) fail(`something is missing on this machine. Run this, then try again:\n\n  ${printed}\n`);
  for (const command of install) {
    say(command.join(' '));
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const { status } = spawnSync(command[0], command.slice(1), { env, stdio: ['ignore', 2, 2] });
    if (status !== 0) fail(`could not install what is missing. Run this, then try again:\n\n  ${printed}\n`);
  }
}

function aptCommands(missing) {
  const sudo = isRoot() ? [] : ['sudo', ...(canSudo() ? ['-n'] : [])];
  const packages = missing.flatMap((need) => need.apt);
  return [
    [...sudo, 'apt-get', 'update', '-qq'],
    [...sudo, 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages],
  ];
}

function brewCommands(missing) {
  return missing.map((need) =>
    need.brew.length > 0 ? ['brew', 'install', ...need.brew] : ['xcode-select', '--install'],
  );
}

/** Brings node_modules in line with package-lock.json; a stamp inside it tells which lock file it was made from. */
function ensureNodeModules() {
  const stampFile = path.join(root, 'node_modules', '.installed-from');
  const wanted = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  say('npm ci (node_modules is missing or made from another package-lock.json)');
  // Scripts stay off: every native part is prebuilt, and the scripts would compile or download.
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    env: { ...process.env, PATH: pathOutsideNodeModules() },
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) fail('npm ci failed');
  writeFileSync(stampFile, wanted);
}

/** Brings a bundle in line with the sources and the packages. */
function ensureBuilt(bundle) {
  const sources = readdirSync(path.join(root, 'src'), { recursive: true }).map((name) => path.join('src', name));
  const madeAt = (file) => statSync(path.join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const newest = Math.max(...[...sources, 'package.json', 'package-lock.json'].map(madeAt));
  if (madeAt(bundle) > newest) return;
  const { status } = spawnSync('npm', ['run', '--silent', 'build:drive'], {
    cwd: root,
    env: { ...process.env, PATH: [path.dirname(getPinnedNode()), pathOutsideNodeModules()].join(path.delimiter) },
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) fail('the drive could not be built');
}

/** npm puts node_modules/.bin first, where the project's Node.js is: it would be deleted under its own feet. */
function pathOutsideNodeModules() {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return folders.filter((folder) => !folder.includes('node_modules')).join(path.delimiter);
}

/** The Node.js that an npm package of this platform carries (optionalDependencies in package.json). */
function getPinnedNode() {
  const { optionalDependencies } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const suffix = `-${process.platform}-${process.arch}`;
  const name = Object.keys(optionalDependencies).find((candidate) => candidate.endsWith(suffix));
  const node = path.join(root, 'node_modules', name ?? '', 'bin', 'node');
  if (name === undefined || !existsSync(node)) fail(`no Node.js runtime for ${process.platform}-${process.arch}`);
  return node;
}

/** Hands the terminal over to the task and takes on its exit code, or its signal. */
function runTask(node, entry) {
  const binFolders = [path.dirname(node), path.join(root, 'node_modules', '.bin')];
  const options = entry === headless ? runtimeOptions : [];
  const child = spawn(node, [...options, path.join(root, entry), ...taskArguments], {
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: [...binFolders, pathOutsideNodeModules()].join(path.delimiter),
      // Memory given back at once costs time, which only a drive that stays for days makes up for.
      ...(entry === headless ? runtimeEnvironment : cachedCode),
    },
  });
  child.once('error', (error) => fail(`cannot start ${entry}: ${error.message}`));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal has sent Ctrl+C to the task already: twice would mean "now, without cleaning up".
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.once('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function onMac() {
  return process.platform === 'darwin';
}

function isRoot() {
  return process.getuid?.() === 0;
}

function canSudo() {
  return hasCommand('sudo') && spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
}

function hasCommand(...names) {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => names.some((name) => isExecutable(path.join(folder, name))));
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function say(message) {
  process.stderr.write(`setup: ${message}\n`);
}

function fail(message) {
  say(message);
  process.exit(1);
}
