import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Violation } from './violation.ts';
import type { OperationName, Operations, WorkerAnswer } from './worker.ts';

/** "Every operation ends" (SEMANTICS.md): the binding gives up after 50 s; a machine under load gets 30 s on top. ms. */
const longestMs = 80_000;

export type Answer<V> = { readonly value: V; readonly code?: undefined } | { readonly code: string };
type Value<N extends OperationName> = Awaited<ReturnType<Operations[N]>>;

/** The worker process seen from the harness. */
export interface Hands {
  /**
   * Resolves with the value or the errno. Rejects with Violation when the operation does not end. After `close` it never
   * settles: what was still at work then stops there.
   */
  call<N extends OperationName>(name: N, ...args: Parameters<Operations[N]>): Promise<Answer<Value<N>>>;
  close(): Promise<void>;
}

export function createHands(): Hands {
  const child: ChildProcess = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), {
    serialization: 'advanced',
    // Each operation that waits in the kernel takes a thread of the worker.
    env: { ...process.env, UV_THREADPOOL_SIZE: '32' },
  });
  const waiting = new Map<number, (answer: WorkerAnswer) => void>();
  let nextId = 1;
  let closed = false;
  child.on('message', (answer: WorkerAnswer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    call: (name, ...args) =>
      new Promise((resolve, reject) => {
        if (closed) return;
        const id = nextId;
        nextId += 1;
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(new Violation([`an operation did not end in ${longestMs / 1000} s: ${name} ${String(args[0])}`]));
        }, longestMs);
        waiting.set(id, ({ value, code }) => {
          clearTimeout(timer);
          resolve(code === undefined ? { value: value as Value<typeof name> } : { code });
        });
        child.send({ id, name, args });
      }),
    close: async () => {
      closed = true;
      child.kill('SIGKILL');
      await exited;
    },
  };
}
