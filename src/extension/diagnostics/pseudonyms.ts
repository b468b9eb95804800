import { createHmac } from 'node:crypto';

/** Stands for a name in a report: the same name has the same stand-in, and nobody without the key finds the name. */
export interface Pseudonyms {
  name(name: string): string;
  /** Each part by itself, so that the shape of a path stays: `/n-1f…/n-a3…`; `~` stays `~`. */
  path(path: string): string;
}

/** Hex digits of a stand-in: enough to tell a few thousand names apart. */
const digits = 8;

/** `key`: secret of this computer. Reports made with the same one can be compared. */
export function createPseudonyms(key: string): Pseudonyms {
  const name = (text: string) => `n-${createHmac('sha256', key).update(text).digest('hex').slice(0, digits)}`;
  return {
    name,
    path: (path) =>
      path
        .split('/')
        .map((part) => (part === '' || part === '~' ? part : name(part)))
        .join('/'),
  };
}
