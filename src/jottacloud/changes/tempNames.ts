import { createHash } from 'node:crypto';

/**
 * Names under which an item waits in the middle of a rename that the server does not do in one step (moves.ts). They are
 * derived from the final name alone, so that whoever comes next can finish: the same call repeated, a listing, another
 * computer. The checksum keeps a person's own `….renaming` from being taken for one.
 */
const suffix = /^(.+)\.([0-9a-f]{8})\.renaming$/s;
const maxNameLength = 255;

/** Where `name` waits. For names near the limit the result is cut, and `parseAsideName` cannot read it back. */
export function getAsideName(name: string): string {
  const end = `.${checksum(name)}.renaming`;
  let head = name;
  while (head.length + end.length > maxNameLength || Buffer.byteLength(head + end) > maxNameLength) {
    head = Array.from(head).slice(0, -1).join('');
  }
  return head + end;
}

/** The final name of an item that waits, or undefined for any other name. */
export function parseAsideName(aside: string): string | undefined {
  const [, name, sum] = suffix.exec(aside) ?? [];
  return name !== undefined && sum === checksum(name) ? name : undefined;
}

function checksum(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 8);
}
