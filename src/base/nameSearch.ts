import { nameKey } from './nameKey.ts';

/** A word that is looked for, in the pieces between its `*`. */
export type SearchWord = readonly string[];

/** The words of a text that somebody looks for, whatever their case. `*` in one stands for any characters. */
export function parseSearch(text: string): readonly SearchWord[] {
  const words = nameKey(text)
    .split(/\s+/)
    .filter((word) => word !== '');
  return words.map((word) => word.split('*').filter((piece) => piece !== ''));
}

/** Does a name hold all the words, in whatever order? */
export function matchesSearch(name: string, words: readonly SearchWord[]): boolean {
  const key = nameKey(name);
  return words.every((pieces) => {
    let at = 0;
    return pieces.every((piece) => {
      const found = key.indexOf(piece, at);
      at = found + piece.length;
      return found >= 0;
    });
  });
}
