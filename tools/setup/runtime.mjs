// How Node.js is started for the drive without VS Code: as the extension starts its own (src/extension/drive/runtime.ts).

import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

export const runtimeOptions = ['--max-semi-space-size=4'];

/** What Node.js made of the code is kept, which halves the start of every process, of the sources above all. */
export const cachedCode = { NODE_COMPILE_CACHE: path.join(root, 'node_modules', '.cache', 'node') };

export const runtimeEnvironment = {
  ...cachedCode,
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: String(128 * 1024),
};
