import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** Threads of Node's pool. */
const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4);

/**
 * Takes every thread of the pool, so that what is asked of it meanwhile waits; `path` is free for a named pipe. Answers what lets
 * them go.
 */
export function occupyPool(path: string): () => Promise<void> {
  execFileSync('mkfifo', [path]);
  // Opening waits for who writes.
  const opening = Array.from({ length: threads }, () => open(path, 'r'));
  return async () => {
    const writer = openSync(path, constants.O_RDWR);
    for (const file of await Promise.all(opening)) await file.close();
    closeSync(writer);
    rmSync(path);
  };
}
