import { md5 as md5Of } from '../support/md5.ts';
import type * as steps from './steps.ts';

/** One system call, or one of the few things made of several (`save`, `load`, `store`, `tree`), as data. */
export type Operation = ReturnType<(typeof steps)[keyof typeof steps]>;

export type OperationOf<Name extends Operation['op']> = Extract<Operation, { op: Name }>;

/** JSON; what is compared between file systems. `error` is the name of the errno. */
export type Result = { readonly value: unknown } | { readonly error: string };

/** Text as it is, or bytes that differ at every offset modulo 251 and for every seed. */
export type Content = string | { readonly seed: number; readonly length: number };

/** The bytes of a content; worker/worker.py makes the same. */
export function contentBytes(content: Content): Buffer {
  if (typeof content === 'string') return Buffer.from(content);
  const period = Buffer.from(Uint8Array.from({ length: 251 }, (_, index) => (content.seed * 31 + index * 7) & 255));
  return Buffer.alloc(content.length, period);
}

/** Bytes in a result: short plain text as it is, all other by length and md5. */
export function describeBytes(bytes: Buffer): string {
  if (bytes.length <= 64 && bytes.every((byte) => byte >= 32 && byte < 127)) return bytes.toString('latin1');
  return `${bytes.length} bytes, md5 ${md5Of(bytes)}`;
}

/** Times that a test has set are older or younger than these seconds; what lies between is the clock's and not compared. */
const clockFrom = 1_577_836_800;
const clockTo = 2_051_222_400;

export function describeTime(sec: number, nsec: number): string {
  return sec > clockFrom && sec < clockTo ? 'now' : `${sec}.${String(nsec).padStart(9, '0')}`;
}

/** One operation per line, for a person. */
export function describeOperation(operation: Operation): string {
  const { op, ...rest } = operation;
  const words = Object.entries(rest).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `${op} ${words.join(' ')}`;
}
