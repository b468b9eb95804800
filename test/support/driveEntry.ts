import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../tools/setup/root.ts';

const entries = {
  /** Of `npm run mount`. */
  headless: { bundle: 'dist/headless.cjs', source: 'src/drive/headless/headless.ts' },
  /** What windows start. */
  main: { bundle: 'dist/drive.cjs', source: 'src/drive/main.ts' },
} as const;

let newestSource: number | undefined;

/**
 * Path of the file that starts a drive: the bundle, as it is shipped, where it is newer than every source, because it starts in a
 * third of the time; otherwise the source.
 */
export function driveEntry(name: keyof typeof entries): string {
  const { bundle, source } = entries[name];
  newestSource ??= Math.max(...[...listSources(), 'package-lock.json'].map(madeAt));
  return path.join(root, madeAt(bundle) > newestSource ? bundle : source);
}

const listSources = () => readdirSync(path.join(root, 'src'), { recursive: true }).map((name) => `src/${name}`);

const madeAt = (file: string) => statSync(path.join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
