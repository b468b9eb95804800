import { isAbsolute } from 'node:path';
import { DriveError } from './errors.ts';

/**
 * Reads a value that came over the socket. Answers it with nothing but what the schema names; throws DriveError `invalidParams`
 * (args: `field`, where in the message) for anything else.
 */
export type Schema<T> = (value: unknown, field: string) => T;

/** Longest path or name that is looked at, in characters; the longest that a system takes is 4096 bytes. */
const longestPath = 65_536;

export function invalid(field: string): DriveError {
  return new DriveError('invalidParams', { field });
}

function check<T>(holds: (value: unknown) => value is T): Schema<T> {
  return (value, field) => {
    if (!holds(value)) throw invalid(field);
    return value;
  };
}

export const text: Schema<string> = check((value) => typeof value === 'string');

export const flag: Schema<boolean> = check((value) => typeof value === 'boolean');

/** No system call takes a path with a zero byte in it. */
export const path: Schema<string> = check(
  (value): value is string => typeof value === 'string' && value.length <= longestPath && !value.includes('\0'),
);

/** Of this computer. A relative one would be taken from wherever the drive was started. */
export const localPath: Schema<string> = (value, field) => {
  const given = path(value, field);
  if (!isAbsolute(given)) throw invalid(field);
  return given;
};

export function integer(least: number, most: number = Number.MAX_SAFE_INTEGER): Schema<number> {
  return check(
    (value): value is number => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most,
  );
}

export function oneOf<const T extends string>(...words: readonly T[]): Schema<T> {
  return check((value): value is T => words.some((word) => word === value));
}

export function list<T>(item: Schema<T>, most = 100_000): Schema<T[]> {
  return (value, field) => {
    if (!Array.isArray(value) || value.length > most) throw invalid(field);
    return value.map((each, index) => item(each, `${field}[${index}]`));
  };
}

/** A field that may be missing. Only for the fields of `object`, which leaves it out then. */
export function optional<T>(schema: Schema<T>): Schema<T> {
  return (value, field) => (value === undefined ? (undefined as T) : schema(value, field));
}

export function object<T extends object>(fields: { readonly [K in keyof T]-?: Schema<T[K]> }): Schema<T> {
  const known = Object.entries(fields) as [string, Schema<unknown>][];
  return (value, field) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(field);
    const given = value as Record<string, unknown>;
    const read: Record<string, unknown> = {};
    for (const [name, schema] of known) {
      const own = Object.hasOwn(given, name) ? given[name] : undefined;
      const result = schema(own, field === '' ? name : `${field}.${name}`);
      if (result !== undefined) read[name] = result;
    }
    return read as T;
  };
}
