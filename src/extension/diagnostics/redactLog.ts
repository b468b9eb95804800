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

/** Keys of fields that this program logs. What looks like another one belongs to a name before it. */
const knownKeys = [
  ...['code', 'drain', 'drive', 'ending', 'error', 'exitCode', 'expiresInSeconds', 'files', 'folder', 'host', 'id'],
  ...['inMs', 'index', 'ino', 'kind', 'logFile', 'md5', 'method', 'mountPoint', 'mounts', 'moved', 'name'],
  ...['operation', 'path', 'pid', 'readOnly', 'size', 'source', 'stateDir', 'version', 'waitMs'],
];
const fieldStart = new RegExp(` (?=(?:${knownKeys.join('|')})=)`);
/** Before the first field, whatever its key. */
const anyField = / (?=[A-Za-z]\w*=)/;

/** Words of the program itself; as values they say nothing about anybody. */
const ownWords: ReadonlySet<string> = new Set([
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
  const [message = ''] = rest.split(anyField, 1);
  const fields = rest.slice(message.length + 1).split(fieldStart);
  return { time, level, message, fields: fields.filter((field) => field !== '').map(splitField) };
}

function splitField(field: string): readonly [string, string] {
  const at = field.indexOf('=');
  return [field.slice(0, at), field.slice(at + 1)];
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
    const words = part.slice(name === undefined ? 0 : name.length + 2).split(/[^\w]+/);
    const codes = words.filter((word) => /^E[A-Z]{3,14}$/.test(word) || isErrorCode(word));
    return [name ?? 'error', ...new Set(codes)].join(' ');
  });
  return parts.join(' <- ');
}

function isErrorCode(word: string): boolean {
  return (driveErrorCodes as readonly string[]).includes(word);
}
