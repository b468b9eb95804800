/** A change of a file's bytes that was asked for and not acknowledged by a flush yet. */
export type Change = PartChange | WholeChange;

type PartChange =
  | { readonly kind: 'write'; readonly position: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly size: number };

/** Happens as a whole or not at all, and does away with changes before it. */
interface WholeChange {
  readonly kind: 'replace';
  readonly bytes: Buffer;
}

export function apply(bytes: Buffer, change: Change): Buffer {
  if (change.kind === 'replace') return change.bytes;
  if (change.kind === 'truncate') {
    const cut = Buffer.alloc(change.size);
    bytes.copy(cut, 0, 0, Math.min(bytes.length, change.size));
    return cut;
  }
  const { position } = change;
  const result = Buffer.alloc(Math.max(bytes.length, position + change.bytes.length));
  bytes.copy(result);
  change.bytes.copy(result, position);
  return result;
}

/**
 * May a file that held one of `bases` when the last flush was acknowledged hold `found` after a crash? Changes that were
 * never acknowledged may be there in part, each byte old or new, as on any file system; a byte that nobody wrote may not.
 */
export function isPossible(found: Buffer, bases: readonly Buffer[], changes: readonly Change[]): boolean {
  const at = changes.findLastIndex(isWhole);
  const whole = changes[at];
  if (whole !== undefined && isWhole(whole)) {
    return (
      isPossible(found, [whole.bytes], changes.slice(at + 1)) || isPossible(found, bases, changes.toSpliced(at, 1))
    );
  }
  if (bases.some((base) => base.equals(found))) return true;
  if (changes.length === 0) return false;
  const parts = changes.filter((change) => !isWhole(change));
  return bases.some((base) => isMix(found, base, parts));
}

function isWhole(change: Change): change is WholeChange {
  return change.kind === 'replace';
}

function isMix(found: Buffer, base: Buffer, changes: readonly PartChange[]): boolean {
  let size = base.length;
  /** Below this every byte was there at the last flush, whatever the changes did meanwhile. */
  let cutTo = base.length;
  let mayBeSize = found.length === size;
  for (const change of changes) {
    const before = size;
    if (change.kind === 'truncate') {
      size = change.size;
      cutTo = Math.min(cutTo, size);
    } else size = Math.max(size, change.position + change.bytes.length);
    // A write may be there in part, as on a full disk.
    const grewPast = change.kind === 'write' && found.length > before && found.length < size;
    mayBeSize ||= grewPast || found.length === size;
  }
  if (!mayBeSize) return false;
  // A byte beyond the cut is zero only where a later change grew the file again.
  const regrown = found.length > cutTo && found.length !== base.length;
  for (let at = 0; at < found.length; at += 1) {
    const byte = found[at];
    if (at < base.length && byte === base[at]) continue;
    if (byte === 0 && (at >= base.length || (regrown && at >= cutTo))) continue;
    if (!changes.some((change) => holds(change, at, byte))) return false;
  }
  return true;
}

function holds(change: PartChange, at: number, byte: number | undefined): boolean {
  return change.kind === 'write' && change.bytes[at - change.position] === byte;
}
