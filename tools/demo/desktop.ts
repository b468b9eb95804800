import { execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

export interface DesktopOptions {
  readonly workDir: string;
  readonly folder: string;
  readonly vsix: string;
  readonly env: Readonly<Record<string, string>>;
}

/** An open window of desktop VS Code. */
export interface DesktopWindow {
  /** Resolves when the person closes it. */
  readonly closed: Promise<void>;
  close(): void;
}

/** The command-line tool of desktop VS Code; a remote session's tool of the same name needs a window to talk to. */
export function findDesktopCode(): string | undefined {
  if (process.env.VSCODE_IPC_HOOK_CLI !== undefined) return undefined;
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return folders.map((folder) => path.join(folder, 'code')).find(isExecutable);
}

/** Opens desktop VS Code with a profile of its own, the extension installed in it, and nothing of the person's. */
export async function openDesktop(code: string, options: DesktopOptions): Promise<DesktopWindow> {
  const userDataDir = path.join(options.workDir, 'user-data');
  const settings = { 'workbench.startupEditor': 'none', 'security.workspace.trust.enabled': false };
  await mkdir(path.join(userDataDir, 'User'), { recursive: true });
  await writeFile(path.join(userDataDir, 'User', 'settings.json'), JSON.stringify(settings));
  const places = ['--user-data-dir', userDataDir, '--extensions-dir', path.join(options.workDir, 'extensions')];
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  await promisify(execFile)(code, [...places, ...sandbox, '--install-extension', options.vsix]);
  const child = spawn(code, [...places, ...sandbox, '--new-window', '--wait', options.folder], {
    env: { ...process.env, ...options.env },
    stdio: 'ignore',
    detached: true,
  });
  return {
    closed: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => resolve());
    }),
    close: () => void (child.pid !== undefined && child.exitCode === null && process.kill(-child.pid, 'SIGTERM')),
  };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
