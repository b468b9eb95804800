import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Duplex, Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { FileSystemDriver } from './driver.ts';
import type { Operation, Result } from './operations.ts';

const worker = fileURLToPath(new URL('worker/worker.py', import.meta.url));

export interface Place {
  /** Absolute path of a folder that is there. */
  readonly root: () => string;
  /** Every run is in `root` itself, not in a new folder below. */
  readonly shared?: boolean;
  /** Makes the file system go and come back. */
  readonly remount?: () => Promise<void>;
  /** Resolves when nothing is left to upload. */
  readonly settle?: () => Promise<void>;
  /** Starts the process elsewhere than on this computer: its input and output. */
  readonly startWorker?: () => Promise<Duplex>;
}

/**
 * System calls on a folder, by processes of their own: the drive must not share an event loop with its user, and node:fs
 * has no maps, no renameat2 and no raw flags. They run without a superuser's capabilities.
 */
export function createSyscallDriver(place: Place): FileSystemDriver {
  const workers: Worker[] = [];
  const worker = async (index: number) => {
    workers[index] ??= place.startWorker === undefined ? startWorker() : await talkElsewhere(place.startWorker);
    return workers[index];
  };
  let count = 0;
  return {
    begin: async () => {
      count += 1;
      const folder = `run ${count}`;
      const path = () => (place.shared === true ? place.root() : `${place.root()}/${folder}`);
      const one = async (request: Request) => {
        const [result] = await (await worker(0)).perform(place.root(), [request]);
        if (result === undefined || 'error' in result) throw new Error(`${request.op} failed: ${result?.error}`);
      };
      if (place.shared !== true) await one({ op: 'makeFolder', path: folder });
      const closeAll = async () => {
        for (const each of workers) await each.perform(path(), [{ op: 'closeAll' }]);
      };
      return {
        perform: async (operations) => {
          const results: Result[] = [];
          for (const { by, batch } of byProcess(operations)) {
            if (by === 'remount') {
              await closeAll();
              await place.remount?.();
              results.push({ value: null });
            } else if (by === 'settle') {
              await place.settle?.();
              results.push({ value: null });
            } else results.push(...(await (await worker(by)).perform(path(), batch)));
          }
          return results;
        },
        end: closeAll,
      };
    },
    close: async () => {
      for (const each of workers) await each.end();
    },
  };
}

type Request = { readonly op: string; readonly [key: string]: unknown };

interface Worker {
  perform(root: string, operations: readonly Request[]): Promise<Result[]>;
  end(): Promise<void>;
}

/** As few messages as there can be. */
function byProcess(operations: readonly Operation[]): { by: number | 'remount' | 'settle'; batch: Request[] }[] {
  const batches: { by: number | 'remount' | 'settle'; batch: Request[] }[] = [];
  for (const operation of operations) {
    const { op } = operation;
    const by = op === 'remount' || op === 'settle' ? op : op === 'otherProcess' ? 1 : 0;
    const request = op === 'otherProcess' ? operation.operation : operation;
    const last = batches.at(-1);
    if (last?.by === by && typeof by === 'number') last.batch.push(request);
    else batches.push({ by, batch: [request] });
  }
  return batches;
}

function startWorker(): Worker {
  const env = { ...process.env, PYTHONUTF8: '1', PYTHONDONTWRITEBYTECODE: '1' };
  const child = spawn('python3', [worker], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  failed.catch(() => {});
  return talkTo({ input: child.stdin, output: child.stdout, failed });
}

async function talkElsewhere(start: () => Promise<Duplex>): Promise<Worker> {
  const stream = await start();
  return talkTo({ input: stream, output: stream, failed: new Promise(() => {}) });
}

interface Talk {
  readonly input: Writable;
  readonly output: Readable;
  /** Rejects when the process could not be started. */
  readonly failed: Promise<never>;
}

function talkTo({ input, output, failed }: Talk): Worker {
  const ended = new Promise<void>((resolve) => output.once('close', resolve));
  const gone = ended.then((): never => {
    throw new Error('the process that makes the system calls ended');
  });
  gone.catch(() => {});
  const lines = createInterface({ input: output });
  let waiting: PromiseWithResolvers<Result[]> | undefined;
  lines.on('line', (line) => waiting?.resolve(JSON.parse(line) as Result[]));
  return {
    perform: (root, operations) => {
      waiting = Promise.withResolvers();
      input.write(`${JSON.stringify({ root, operations })}\n`);
      return Promise.race([waiting.promise, failed, gone]);
    },
    end: async () => {
      input.end();
      await ended;
    },
  };
}
