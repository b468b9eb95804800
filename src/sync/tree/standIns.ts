import { createHash } from 'node:crypto';
import { nameKey } from '../../base/nameKey.ts';
import type { NodeRow, Synced } from '../../store/nodeRow.ts';
import type { RemoteEntry } from './remote.ts';

/**
 * The server has names that a folder here cannot show: of up to 255 characters, which may be more than 255 bytes, and names
 * that differ only in case or normalisation. Each such is shown under a stand-in: the beginning of the name, a tag made from
 * its spelling on the server, and its ending. The stand-in is the name here, in the node table too; only `wire` tells the other.
 */
/** Longest name in UTF-8 on most file systems, and in the kernel's own listings. */
const nameMaxBytes = 255;

/** With its dot; `.rclonelink` is one. What follows an early dot in a long title is no ending: it would leave no room. */
const longestEnding = 32;

/** The name under which what the server spells `wire` is shown, unless it meets another one in its folder. */
export function fitName(name: string, wire: string): string {
  // No character takes more than three bytes for each of its UTF-16 units.
  if (name.length * 3 <= nameMaxBytes || Buffer.byteLength(name) <= nameMaxBytes) return name;
  return getStandIn(name, wire);
}

/** `digits`: more of them for the rare name whose stand-in is taken as well. */
export function getStandIn(name: string, wire: string, digits = 8): string {
  const { stem, ending } = splitEnding(name);
  return cutName(stem, `~${createHash('sha256').update(wire).digest('hex').slice(0, digits)}${ending}`);
}

export function splitEnding(name: string): { stem: string; ending: string } {
  const dot = name.lastIndexOf('.');
  const hasEnding = dot > 0 && name.length - dot <= longestEnding;
  return hasEnding ? { stem: name.slice(0, dot), ending: name.slice(dot) } : { stem: name, ending: '' };
}

/** As much of `stem` before `suffix` as a name has room for, whole characters only. */
export function cutName(stem: string, suffix: string): string {
  let room = nameMaxBytes - Buffer.byteLength(suffix);
  let head = '';
  for (const character of stem) {
    room -= Buffer.byteLength(character);
    if (room < 0) break;
    head += character;
  }
  return head + suffix;
}

/**
 * The entries of a folder, each under a name of its own. One that was shown under a name keeps it; of new ones whose names
 * meet, the first has its own and the others a stand-in.
 */
export function nameEntries<E extends RemoteEntry>(entries: readonly E[], known: readonly NodeRow[]): readonly E[] {
  const held = new Map<string, Synced>();
  for (const { synced } of known) if (synced !== null) held.set(synced.wire, synced);
  const names = new Map<string, E>();
  const rest: E[] = [];
  for (const entry of entries) {
    const name = held.get(entry.wire)?.name;
    const key = nameKey(name ?? '');
    if (name !== undefined && !names.has(key)) names.set(key, name === entry.name ? entry : renamed(entry, name));
    else rest.push(entry);
  }
  // Mostly there is nothing left here, and the order stays the server's.
  for (const entry of rest) {
    let named = entry;
    for (let digits = 8; names.has(nameKey(named.name)); digits += 8) {
      // The server has listed the same entry twice.
      if (digits > 64) break;
      named = renamed(entry, getStandIn(entry.name, entry.wire, digits));
    }
    names.set(nameKey(named.name), named);
  }
  return [...names.values()];
}

/** The spelling of the server may differ from the one shown in case only: that one follows. */
function renamed<E extends RemoteEntry>(entry: E, name: string): E {
  return nameKey(name) === nameKey(entry.name) ? entry : { ...entry, name };
}
