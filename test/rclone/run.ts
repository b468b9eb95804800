import { type ChildProcess, spawn } from 'node:child_process';

export interface RunOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program after all that is more urgent; what it prints goes to stderr. */
export async function runNicely(file: string, args: readonly string[], { cwd, env }: RunOptions): Promise<void> {
  await finish(file, spawn('nice', [file, ...args], { cwd, env: env ?? process.env, stdio: ['ignore', 2, 2] }));
}

/** The same; answers what it prints. */
export async function runQuietly(file: string, args: readonly string[], { cwd, env }: RunOptions): Promise<string> {
  const child = spawn(file, args, { cwd, env: env ?? process.env, stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  await finish(file, child);
  return out;
}

async function finish(file: string, child: ChildProcess): Promise<void> {
  const outcome = await new Promise<number | string | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  if (outcome !== 0) throw new Error(`${file} ended with ${outcome}`);
}
