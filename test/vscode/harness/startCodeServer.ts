import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { glob, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type CodeServer, ensureCodeServer } from '../../../tools/setup/codeServer.ts';
import { killGroup } from '../../../tools/setup/processGroup.ts';

export interface CodeServerOptions {
  /** Holds everything the server writes: user data, extensions, home, log. Short: unix sockets below it have 108 bytes. */
  readonly workDir: string;
  /** Load the extension from its folder, as one under development; every page of `getUrl` then has it. */
  readonly extensionDir?: string | undefined;
  /** Install a package, as a user does. */
  readonly vsix?: string | undefined;
  /** On top of settings that keep a fresh window quiet. */
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
  /** On top of this process's; the extension host sees them. HOME is `<workDir>/home` unless given here. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** The folder that pages open; `<workDir>/workspace` unless given. */
  readonly folder?: string | undefined;
  readonly userDataDir?: string | undefined;
  readonly extensionsDir?: string | undefined;
  /** What VS Code brings along, by folder names; all of it unless given. */
  readonly builtInExtensions?: readonly string[] | undefined;
  /** Display language, as `nb`. VS Code itself stays English without a language pack; extensions need one to follow. */
  readonly locale?: string | undefined;
}

export interface RunningCodeServer {
  /** The page of the workbench on `folder`. */
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly home: string;
  readonly userDataDir: string;
  readonly extensionsDir: string;
  readonly logFile: string;
  /** The page of another folder; `payload` are further pairs for the workbench, e.g. extensionTestsPath. */
  getUrl(folder: string, payload?: readonly (readonly [string, string])[]): string;
  /** What the server printed so far, ends of extension hosts included. */
  readLog(): Promise<string>;
  /** Ends the server and its hosts, which may still deactivate; resolves when all of them are gone. */
  stop(): Promise<void>;
}

const readyTimeoutMs = 60_000;
/** A host gets 5 s for deactivate() and begins it 2 s after the server's end. */
const stopTimeoutMs = 10_000;

/** Without these a chat pane and a welcome page cover the window, and ports that other programs open are looked for and told. */
const quietSettings = {
  'chat.disableAIFeatures': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'remote.autoForwardPorts': false,
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

/** Starts a real VS Code, served to a browser on a free port of 127.0.0.1, that reaches no network. */
export async function startCodeServer(options: CodeServerOptions): Promise<RunningCodeServer> {
  const codeServer = await ensureCodeServer();
  const { workDir } = options;
  const home = options.env?.HOME ?? path.join(workDir, 'home');
  const folder = options.folder ?? path.join(workDir, 'workspace');
  const userDataDir = options.userDataDir ?? path.join(workDir, 'user-data');
  const extensionsDir = options.extensionsDir ?? path.join(workDir, 'extensions');
  const config = path.join(workDir, 'config.yaml');
  const logFile = path.join(workDir, 'code-server.log');
  for (const dir of [home, folder, path.join(userDataDir, 'User'), extensionsDir])
    await mkdir(dir, { recursive: true });
  await writeFile(config, 'auth: none\ncert: false\n');
  const settings = { ...quietSettings, ...options.settings };
  await writeFile(path.join(userDataDir, 'User', 'settings.json'), JSON.stringify(settings, undefined, 2));

  const env = { ...getCleanEnv(), ...getXdgDirs(workDir), HOME: home, EXTENSIONS_GALLERY: '{}', ...options.env };
  const places = ['--config', config, '--user-data-dir', userDataDir, '--extensions-dir', extensionsDir];
  if (options.vsix !== undefined) await install(codeServer, [...places, '--install-extension', options.vsix], env);

  const port = await findFreePort();
  const child = spawn(
    codeServer.node,
    [
      codeServer.entry,
      ...places,
      ...['--bind-addr', `127.0.0.1:${port}`, '--auth', 'none'],
      ...['--disable-telemetry', '--disable-update-check', '--disable-workspace-trust'],
      ...['--disable-getting-started-override', '--ignore-last-opened', '--reconnection-grace-time', '3'],
      // Without it a page ignores the extension folder and the tests it is asked to load, and says nothing; with it no toast is shown.
      ...(options.extensionDir === undefined ? [] : ['--vscode-option', 'enable-smoke-test-driver']),
      ...(await getBuiltInArgs(codeServer, workDir, options.builtInExtensions)),
      ...(options.locale === undefined ? [] : ['--locale', options.locale]),
    ],
    { cwd: workDir, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
  const log = createWriteStream(logFile);
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  // A test that dies without stopping its server must not leave it running.
  const killAll = () => child.pid !== undefined && killGroup(child.pid, 'SIGKILL');
  process.once('exit', killAll);

  const stop = async () => {
    if (child.pid === undefined) return;
    child.kill('SIGTERM');
    const deadline = performance.now() + stopTimeoutMs;
    while (killGroup(child.pid, 0) && performance.now() < deadline) await delay(100);
    killAll();
    process.off('exit', killAll);
    log.end();
  };
  const authority = `127.0.0.1:${port}`;
  const development: readonly (readonly [string, string])[] =
    options.extensionDir === undefined
      ? []
      : [['extensionDevelopmentPath', toRemoteUri(authority, options.extensionDir)]];
  const getUrl: RunningCodeServer['getUrl'] = (openedFolder, payload = []) => {
    const pairs = [...development, ...payload, ['skipWelcome', 'true']];
    const query = new URLSearchParams({ folder: openedFolder, payload: JSON.stringify(pairs) });
    return `http://${authority}/?${query}`;
  };
  try {
    await waitUntilServing(port, () => child.exitCode ?? child.signalCode);
  } catch (error) {
    await stop();
    throw new Error(`code-server did not start:\n${await readFile(logFile, 'utf8')}`, { cause: error });
  }
  return {
    ...{ url: getUrl(folder), port, folder, home, userDataDir, extensionsDir, logFile, getUrl, stop },
    readLog: async () => await readFile(logFile, 'utf8'),
  };
}

/**
 * Flags for a server whose built-in extensions do nothing, those of `names` excepted. They are all there: a page has some itself,
 * which would run in the place of one that is not.
 */
async function getBuiltInArgs(
  codeServer: CodeServer,
  workDir: string,
  names: readonly string[] | undefined,
): Promise<readonly string[]> {
  if (names === undefined) return [];
  const all = path.join(path.dirname(codeServer.entry), '..', '..', 'lib', 'vscode', 'extensions');
  const dir = path.join(workDir, 'built-in');
  await mkdir(dir);
  for await (const manifest of glob('*/package.json', { cwd: all })) {
    const folder = path.dirname(manifest);
    if (names.includes(folder)) {
      await symlink(path.join(all, folder), path.join(dir, folder));
      continue;
    }
    const { name, publisher, version, engines } = JSON.parse(await readFile(path.join(all, manifest), 'utf8'));
    await mkdir(path.join(dir, folder));
    const empty = { name, publisher, version, engines, extensionKind: ['workspace'] };
    await writeFile(path.join(dir, manifest), JSON.stringify(empty));
  }
  return ['--vscode-option', `builtin-extensions-dir=${dir}`];
}

/** How a page names a folder of the machine that the server of `authority` runs on. */
export function toRemoteUri(authority: string, absolutePath: string): string {
  return `vscode-remote://${authority}${absolutePath}`;
}

/** This process's environment without what another VS Code or test runner around it has left there. */
function getCleanEnv(): NodeJS.ProcessEnv {
  const foreign = /^(VSCODE_|CODE_SERVER_|ELECTRON_|npm_|NODE_TEST_CONTEXT$|NODE_OPTIONS$|PORT$)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

function getXdgDirs(workDir: string): Record<string, string> {
  const names = ['XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_STATE_HOME', 'XDG_CACHE_HOME'];
  return Object.fromEntries(names.map((name) => [name, path.join(workDir, name.slice(4, -5).toLowerCase())]));
}

/** Installs a package for servers that are started with this `extensionsDir`; several may share it. */
export async function installExtension(vsix: string, extensionsDir: string): Promise<void> {
  const workDir = await mkdtemp(path.join(tmpdir(), 'install-'));
  try {
    const env = { ...getCleanEnv(), ...getXdgDirs(workDir), HOME: workDir, EXTENSIONS_GALLERY: '{}' };
    const places = ['--user-data-dir', path.join(workDir, 'user-data'), '--extensions-dir', extensionsDir];
    await install(await ensureCodeServer(), [...places, '--install-extension', vsix], env);
  } finally {
    await rm(workDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function install(codeServer: CodeServer, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(codeServer.node, [codeServer.entry, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`code-server ${args.slice(-2).join(' ')} ended with ${code}:\n${output}`);
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function waitUntilServing(port: number, getEnd: () => number | string | null): Promise<void> {
  const deadline = performance.now() + readyTimeoutMs;
  while (performance.now() < deadline) {
    if (getEnd() !== null) throw new Error(`it ended with ${getEnd()}`);
    const isServing = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      (response) => response.ok,
      () => false,
    );
    if (isServing) return;
    await delay(50);
  }
  throw new Error(`nothing on port ${port} after ${readyTimeoutMs} ms`);
}
