import { appendFileSync, chmodSync, renameSync, statSync } from 'node:fs';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, unknown>>;
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Keys whose values never reach a log, whatever the caller passes. */
const secretKey = /token|secret|authorization|password|cookie/i;
/** Inside free text: a bearer header, a JWT, the user and password of an address. */
const secretText = /(Bearer\s+)[\w.~+/=-]+|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|(?<=:\/\/)[^\s/@"]+(?=@)/g;
/** One log file before it is rotated to `.1`; two files bound the log to 10 MB. */
const maxLogBytes = 5 * 1024 * 1024;

/** Text of any value with secrets removed; errors keep their name, message and cause chain. */
export function redact(value: unknown): string {
  return describe(value, 0).replace(secretText, (_all, bearer: string | undefined) => `${bearer ?? ''}[redacted]`);
}

function describe(value: unknown, depth: number): string {
  if (value instanceof Error) {
    const cause = value.cause === undefined || depth > 4 ? '' : ` <- ${describe(value.cause, depth + 1)}`;
    return `${value.name}: ${value.message}${cause}`;
  }
  if (typeof value === 'string') return value;
  return JSON.stringify(value, (key, inner) => (secretKey.test(key) ? '[redacted]' : inner)) ?? String(value);
}

/** Whatever ends a line, moves the cursor or turns the direction of writing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** What a reader would take for the end of the value, or its beginning. */
const misleading = /^$|"| [A-Za-z]\w*=/;

/** On one line, whatever is in it. */
function escapeLine(text: string): string {
  return text.replace(unprintable, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The text as it is, or as a JSON string where it could be taken for more than one field. */
function formatValue(text: string): string {
  return escapeLine(misleading.test(text) || text !== escapeLine(text) ? JSON.stringify(text) : text);
}

/**
 * A log that hands finished lines to `write`. Lines are `time LEVEL message key=value …`; a value that is no plain text is a
 * JSON string, so that nothing that is logged can look like another line or field.
 */
export function createLog(write: (line: string) => void, minimum: LogLevel = 'info'): Log {
  const order: LogLevel[] = ['debug', 'info', 'warn', 'error'];
  const emit =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (order.indexOf(level) < order.indexOf(minimum)) return;
      const tail = Object.entries(fields)
        .map(([key, value]) => ` ${key}=${secretKey.test(key) ? '[redacted]' : formatValue(redact(value))}`)
        .join('');
      write(`${new Date().toISOString()} ${level.toUpperCase()} ${escapeLine(redact(message))}${tail}\n`);
    };
  return { debug: emit('debug'), info: emit('info'), warn: emit('warn'), error: emit('error') };
}

/**
 * Appends to `file` (mode 0600), rotating once at 5 MB. Synchronous: the last line before a crash is the one wanted.
 * A line that the disk does not take (full, read-only, gone) is lost: no work may fail for want of a log.
 */
export function createFileWriter(file: string): (line: string) => void {
  let size = sizeOf(file);
  return (line) => {
    try {
      if (size > maxLogBytes) {
        renameSync(file, `${file}.1`);
        size = 0;
      }
      appendFileSync(file, line, { mode: 0o600 });
      if (size === 0) chmodSync(file, 0o600);
      size += Buffer.byteLength(line);
    } catch {
      // There is nowhere else to tell it.
    }
  };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
