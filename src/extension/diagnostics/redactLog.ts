import { constants } from 'node:os';
import { driveErrorCodes } from '../../protocol/errors.ts';
import type { Pseudonyms } from './pseudonyms.ts';

/** One line of a log, taken apart: the message is a constant of the program, the values may hold anything. */
interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly message: string;
  readonly fields: readonly (readonly [key: string, value: string])[];
}

/** `2026-11-23T13:59:49.123Z WARN push failed, will be tried again kind=upload path=/a b.txt` (base/log.ts). */
const lineShape = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (DEBUG|INFO|WARN|ERROR) (.*)$/;

/** A value is a JSON string, or ends where the next field begins (base/log.ts). */
const fieldShape = / ([A-Za-z]\w*)=("(?:[^"\\]|\\.)*"|.*?(?= [A-Za-z]\w*=|$))/gs;

/** Classes of errors that this program and its runtime have. */
const errorClasses: ReadonlySet<string> = new Set([
  ...[
    'Error',
    'TypeError',
    'RangeError',
    'SyntaxError',
    'ReferenceError',
    'AggregateError',
    'AbortError',
    'TimeoutError',
  ],
  ...['DriveError', 'JottaError', 'RemoteError', 'ErrnoError', 'DatabaseError', 'MountError', 'ResponseError'],
  'ConnectionError',
]);

/** Words of the program itself; as values they say nothing about anybody. */
export const ownWords: ReadonlySet<string> = new Set([
  ...driveErrorCodes,
  ...['upload', 'createFolder', 'moveFile', 'moveFolder', 'moveAside', 'trashFile', 'trashFolder', 'setTimes'],
  ...[
    'done',
    'server',
    'conflict',
    'cancelled',
    'incomplete',
    'corrupt',
    'unauthorized',
    'protocol',
    'handOver',
    'drain',
  ],
  // What the service may turn out not to do (jottacloud/habits.ts).
  ...['range', 'pinnedRange', 'rejectConflicts', 'recursiveListings', 'timesByContent'],
  ...['percentInNames', 'backslashInNames', 'semicolonInNames'],
  ...['true', 'false', 'null', 'undefined'],
]);

/**
 * The lines with nothing left in them that could name a person, a file or a place: numbers and words of the program stay,
 * errors are cut down to their classes and codes, everything else becomes a stand-in. Lines that are no log lines go.
 */
export function redactLog(text: string, pseudonyms: Pseudonyms): string[] {
  return text
    .split('\n')
    .map(parseLine)
    .filter((line) => line !== undefined)
    .map(({ time, level, message, fields }) => {
      const values = fields.map(([key, value]) => ` ${key}=${redactValue(key, value, pseudonyms)}`);
      return `${time} ${level} ${message}${values.join('')}`;
    });
}

function parseLine(line: string): LogLine | undefined {
  const match = lineShape.exec(line);
  if (match === null) return undefined;
  const [, time = '', level = '', rest = ''] = match;
  const message = rest.slice(0, rest.search(/ [A-Za-z]\w*=|$/));
  const fields = [...rest.slice(message.length).matchAll(fieldShape)];
  return { time, level, message, fields: fields.map(([, key = '', value = '']) => [key, unquote(value)]) };
}

function unquote(value: string): string {
  try {
    return value.startsWith('"') ? String(JSON.parse(value)) : value;
  } catch {
    return value;
  }
}

function redactValue(key: string, value: string, pseudonyms: Pseudonyms): string {
  if (key === 'error') return redactError(value);
  const isNumber = /^-?\d{1,15}(\.\d+)?$/.test(value) && !/name|path/i.test(key);
  const isVersion = /^\d+\.\d+\.\d+$/.test(value) && /version|drive/i.test(key);
  if (isNumber || isVersion || ownWords.has(value)) return value;
  return value.startsWith('/') || value.startsWith('~/') ? pseudonyms.path(value) : pseudonyms.name(value);
}

/** `JottaError: … <- Error: connect ECONNREFUSED 127.0.0.1:80` becomes `JottaError <- Error ECONNREFUSED`. */
function redactError(value: string): string {
  const parts = value.split(' <- ').map((part) => {
    const name = /^([A-Z]\w{0,40}): /.exec(part)?.[1];
    const known = name !== undefined && errorClasses.has(name) ? name : undefined;
    const codes = part.split(/[^\w]+/).filter((word) => word in constants.errno || isErrorCode(word));
    return [known ?? 'error', ...new Set(codes)].join(' ');
  });
  return parts.join(' <- ');
}

function isErrorCode(word: string): boolean {
  return (driveErrorCodes as readonly string[]).includes(word);
}
