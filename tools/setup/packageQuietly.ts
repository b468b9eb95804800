import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Contents } from './packages/stage.ts';
import { root } from './root.ts';

/** `npm run package`, which prints a lot, heard only when it fails. `out` is the absolute path of the package to write. */
export async function packageQuietly(out: string, { withRuntime, extension }: Contents): Promise<void> {
  const args = [
    ...[path.join(root, 'tools/setup/package.ts'), '--out', out],
    ...(withRuntime ? [] : ['--without-runtime']),
    ...(extension === undefined ? [] : ['--extension', extension]),
  ];
  await promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 10_000_000 });
}
