import type { Operation, Result } from './operations.ts';

/** A file system that carries out operations: a folder by system calls, the VFS object in process, or the model. */
export interface FileSystemDriver {
  /** A run in a new empty folder, without open handles. One run at a time. */
  begin(): Promise<Run>;
  close(): Promise<void>;
}

export interface Run {
  /** One after the other; a result for each. */
  perform(operations: readonly Operation[]): Promise<Result[]>;
  /** Closes every handle and map. The folder stays. */
  end(): Promise<void>;
}

export async function performOnce(driver: FileSystemDriver, operations: readonly Operation[]): Promise<Result[]> {
  const run = await driver.begin();
  try {
    return await run.perform(operations);
  } finally {
    await run.end();
  }
}
