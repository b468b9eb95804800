import { invalidArgument, PlainError } from './errors.ts';
import type { Quirks } from './quirks.ts';

/** Throws 400 for a new name the service refuses: too long, or characters XML cannot carry (PROTOCOL.md §5, §3.3). */
export function checkName(name: string, quirks: Quirks): void {
  const isTooLong = Buffer.byteLength(name) > 255 && (name.length > 255 || quirks.nameLimit === 'bytes');
  if (isTooLong) throw invalidArgument('JFS file names may not be longer than 255 characters');
  if (name === '.' || name === '..') throw invalidArgument(`Illegal name ${name}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\ufeff\ufffe\uffff]/.test(name))
    throw invalidArgument(`Illegal character in ${JSON.stringify(name)}`);
  if (/["*:<>?|]/.test(name) && quirks.reservedCharacters === '400')
    throw invalidArgument(`Illegal character in ${name}`);
  for (const [character, quirk] of doubtful) {
    if (name.includes(character) && quirks[quirk] === 'refused') throw invalidArgument(`Illegal character in ${name}`);
  }
}

const doubtful = [
  ['%', 'percentInName'],
  ['\\', 'backslashInName'],
  [';', 'semicolonInName'],
] as const;

/** What stands in front of the service refuses a request by its path alone, whatever is there (PROTOCOL.md §2.1). */
export function assertAddressable(segments: readonly string[], quirks: Quirks): void {
  const path = segments.join('/');
  const isRefused = doubtful.some(([character, quirk]) => path.includes(character) && quirks[quirk] === '400');
  if (isRefused) throw new PlainError(400, 'Bad request');
}
