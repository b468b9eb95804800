import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { root } from './root.ts';

export interface PackageOptions {
  /** Absolute path of the package to write. */
  readonly out: string;
  /** Ship the Node.js runtime of this platform; without it the extension host must itself be a plain Node.js. */
  readonly withRuntime: boolean;
}

/** `npm run package`, which prints a lot, heard only when it fails. */
export async function packageQuietly({ out, withRuntime }: PackageOptions): Promise<void> {
  const args = [path.join(root, 'tools/setup/package.ts'), '--out', out, ...(withRuntime ? [] : ['--without-runtime'])];
  await promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 10_000_000 });
}
