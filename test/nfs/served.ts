import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { driveEntry } from '../support/driveEntry.ts';

/** `npm run mount -- --driver nfs --serve`, without the npm. */
export interface ServedDrive {
  readonly port: number;
  readonly exportPath: string;
  /** Address in the form of libnfs. */
  url(file?: string): string;
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

export interface ServedOptions {
  readonly endpoint: string;
  readonly state: string;
  readonly loginToken?: string;
}

export async function startServed({ endpoint, state, loginToken }: ServedOptions): Promise<ServedDrive> {
  const args = ['--driver', 'nfs', '--serve', '--endpoint', endpoint, '--state', state, '--source', '/Jotta/Archive'];
  args.push('--poll', '1', '--settle-ms', '100', ...(loginToken === undefined ? [] : ['--login-token', loginToken]));
  const child: ChildProcess = spawn(process.execPath, [driveEntry('headless'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const first = await Promise.race([
    new Promise<string>((resolve) => lines.once('line', resolve)),
    exited.then((code) => `exit ${code}`),
  ]);
  const [, port, exportPath] = /^serving nfs:\/\/127\.0\.0\.1:(\d+)(\/.+)$/.exec(first) ?? [];
  if (port === undefined || exportPath === undefined) throw new Error(`the drive serves nothing: ${first}\n${stderr}`);
  return {
    port: Number(port),
    exportPath,
    url: (file = '') => `nfs://127.0.0.1${exportPath}${file}?nfsport=${port}&mountport=${port}&version=3`,
    stop: () => {
      child.kill('SIGTERM');
      return exited;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
