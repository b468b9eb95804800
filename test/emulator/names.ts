import { invalidArgument, PlainError } from './errors.ts';
import type { Quirks } from './quirks.ts';

/** Throws 400 for a new name the service refuses: too long, or characters XML cannot carry (PROTOCOL.md §5, §3.3). */
export function checkName(name: string, quirks: Quirks): void {
  const length = quirks.nameLimit === 'bytes' ? Buffer.byteLength(name) : name.length;
  if (length > 255) throw invalidArgument('JFS file names may not be longer than 255 characters');
  if (name === '.' || name === '..') throw invalidArgument(`Illegal name ${name}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\ufeff\ufffe\uffff]/.test(name))
    throw invalidArgument(`Illegal character in ${JSON.stringify(name)}`);
  if (quirks.reservedCharacters === '400' && /["*:<>?|]/.test(name))
    throw invalidArgument(`Illegal character in ${name}`);
  for (const [character, quirk] of doubtful) {
    if (quirks[quirk] === 'refused' && name.includes(character)) throw invalidArgument(`Illegal character in ${name}`);
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
  const isRefused = doubtful.some(([character, quirk]) => quirks[quirk] === '400' && path.includes(character));
  if (isRefused) throw new PlainError(400, 'Bad request');
}
