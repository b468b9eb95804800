import type { Operation } from '../operations.ts';

/** A sentence about behaviour, and the operations that show it: every file system must give the same results. */
export interface PosixCase {
  readonly name: string;
  readonly steps: readonly Operation[];
  /** `kernel`: the kernel does part of it (permissions, locks, maps, page cache, descriptors), so only a mount can show it. */
  readonly needs?: 'kernel';
}

export const onVolume = (name: string, ...steps: Operation[]): PosixCase => ({ name, steps });
export const inKernel = (name: string, ...steps: Operation[]): PosixCase => ({ name, steps, needs: 'kernel' });
