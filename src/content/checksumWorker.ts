import { parentPort } from 'node:worker_threads';
import { ChecksumJob, type ChecksumSource, type Checksums } from './checksumJob.ts';
import { cacheLimits } from './limits.ts';

// Entry of the worker thread that Checksummer starts. Jobs take turns: a small file does not wait for the end of a large one.

/** `source` absent: the job is given up. */
export interface ChecksumRequest {
  readonly id: number;
  readonly source?: ChecksumSource;
}

/** Neither: the job was given up, and its file is not read any more. */
export interface ChecksumAnswer {
  readonly id: number;
  readonly checksums?: Checksums;
  readonly error?: unknown;
}

const jobs = new Map<number, ChecksumJob>();

function answer(message: ChecksumAnswer): void {
  jobs.delete(message.id);
  parentPort?.postMessage(message);
}

function takeTurns(): void {
  for (const [id, job] of jobs) {
    try {
      const checksums = job.step(cacheLimits.checksumStepBytes);
      if (checksums !== undefined) answer({ id, checksums });
    } catch (error) {
      answer({ id, error });
    }
  }
  // Between two rounds new requests and those to give up are heard.
  if (jobs.size > 0) setImmediate(takeTurns);
}

parentPort?.on('message', ({ id, source }: ChecksumRequest) => {
  if (source === undefined) {
    if (jobs.has(id)) answer({ id });
    return;
  }
  jobs.set(id, new ChecksumJob(source));
  if (jobs.size === 1) setImmediate(takeTurns);
});
