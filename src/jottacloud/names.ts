/**
 * Local names ↔ wire names with rclone's look-alikes, so that files written by either are seen by both
 * (PROTOCOL.md §5, after rclone's lib/encoder).
 *
 * - A character the server refuses becomes its look-alike; a name that already holds a look-alike, or the quote itself,
 *   gets the quote U+201B put before it. `decodeName(encodeName(s)) === s` for every s without `/` and NUL, except the
 *   two names `.` and `..`, which no file system hands out.
 * - `/`, NUL and the names `.` and `..` cannot exist locally, so their look-alikes stand for themselves in both
 *   directions, as they do for rclone on a Unix disk.
 * - Not every wire name comes back from `encodeName(decodeName(w))`: other clients store `:` raw. Address what exists by
 *   the wire name that was listed, and use `encodeName` only for names that are new.
 */
const quote = '\u201B';

/** Printable characters are moved to the full-width block. `%` since rclone 1.74 (GET fails on a raw one, rclone #9153). */
const fullWidthOffset = 0xfee0;
const refused = '"*:<>?|%';

const lookalikes: ReadonlyMap<string, string> = new Map([
  ...Array.from(refused, (c): [string, string] => [c, String.fromCharCode(c.charCodeAt(0) + fullWidthOffset)]),
  ...Array.from({ length: 0x1f }, (_, i): [string, string] => [
    String.fromCharCode(i + 1),
    String.fromCharCode(0x2401 + i),
  ]),
  ['\x7f', '\u2421'],
]);

const originals: ReadonlyMap<string, string> = new Map([...lookalikes].map(([original, twin]) => [twin, original]));

/**
 * Characters that what stands in front of the service may refuse in an address, or the service in a new name (PROTOCOL.md
 * §2.1). `decodeName` leaves their look-alikes alone: those are common in Chinese and Japanese names.
 */
export const doubtfulCharacters = '%\\;';

/** The same name with the look-alikes of these characters. */
export function withLookalikes(wire: string, characters: readonly string[]): string {
  return characters.reduce(
    (name, c) => name.replaceAll(c, String.fromCharCode(c.charCodeAt(0) + fullWidthOffset)),
    wire,
  );
}

/** Letters and digits of any script, what rclone's users store every day, and rclone's look-alikes. */
const ordinary =
  /^[\p{L}\p{M}\p{N} !#$&'()+,\-.=@[\]^_`{}~\u2010-\u2027\u2030-\u205e\u2400-\u2421\u3000-\u303f\uff00-\uffef]*$/u;
const nameMaxBytes = 255;

/** No service is known to refuse such a name. */
export function isOrdinaryName(wire: string): boolean {
  return ordinary.test(wire) && Buffer.byteLength(wire) <= nameMaxBytes;
}

/** The wire spelling of a new local name. Never `.` or `..`. Lengths are not checked here. */
export function encodeName(local: string): string {
  if (local === '.' || local === '..') return local.replaceAll('.', '\uFF0E');
  let wire = '';
  for (const c of local) {
    if (c === quote || originals.has(c)) wire += quote + c;
    else wire += lookalikes.get(c) ?? (c === '/' ? '\uFF0F' : c === '\0' ? '\u2400' : c);
  }
  return wire;
}

/** The local spelling of a wire name. Never contains more `/` or NUL than the wire name did. */
export function decodeName(wire: string): string {
  let local = '';
  let quoted = false;
  for (const c of wire) {
    if (quoted) {
      // A quote before anything else is just that character; `‛E9` (rclone's invalid UTF-8) stays as it is.
      local += c === quote || originals.has(c) ? c : quote + c;
      quoted = false;
    } else if (c === quote) {
      quoted = true;
    } else {
      local += originals.get(c) ?? c;
    }
  }
  return quoted ? local + quote : local;
}
