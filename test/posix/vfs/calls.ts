import { constants } from 'node:os';
import type Fuse from 'fuse-native';

/** An operation's refusal, by the name of its errno. */
export class CallError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

type Callback = (result: number | bigint | null | undefined, ...values: unknown[]) => void;

/** Calls of the operations that the kernel calls on a mount, as promises. What is not implemented is ENOSYS. */
export interface Calls {
  /** Resolves with the value that comes with result 0. */
  readonly value: <Value = void>(name: keyof Fuse.OPERATIONS, ...args: readonly unknown[]) => Promise<Value>;
  /** Resolves with all values that come with result 0. */
  readonly values: <Values>(name: keyof Fuse.OPERATIONS, ...args: readonly unknown[]) => Promise<Values>;
  /** Resolves with a result that counts bytes. */
  readonly count: (name: keyof Fuse.OPERATIONS, ...args: readonly unknown[]) => Promise<number>;
}

export function createCalls(operations: Fuse.OPERATIONS): Calls {
  const call = (name: keyof Fuse.OPERATIONS, args: readonly unknown[]) =>
    new Promise<[number, unknown[]]>((resolve, reject) => {
      const operation = operations[name] as ((...all: unknown[]) => void) | undefined;
      if (operation === undefined) throw new CallError('ENOSYS');
      const done: Callback = (result, ...values) => {
        const number = Number(result ?? 0);
        if (number < 0) reject(new CallError(errnoName(-number)));
        else resolve([number, values]);
      };
      operation(...args, done);
    });
  return {
    value: async <Value>(name: keyof Fuse.OPERATIONS, ...args: readonly unknown[]) =>
      (await call(name, args))[1][0] as Value,
    values: async <Values>(name: keyof Fuse.OPERATIONS, ...args: readonly unknown[]) =>
      (await call(name, args))[1] as Values,
    count: async (name, ...args) => (await call(name, args))[0],
  };
}

/** Of numbers with two names, the one that worker/worker.py uses too. */
const preferred = new Map([
  [constants.errno.EOPNOTSUPP, 'EOPNOTSUPP'],
  [constants.errno.EAGAIN, 'EAGAIN'],
]);

function errnoName(number: number): string {
  const found = Object.entries(constants.errno).find(([, value]) => value === number)?.[0];
  return preferred.get(number) ?? found ?? String(number);
}
