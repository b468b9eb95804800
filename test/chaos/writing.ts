import type { Lane } from './choosing.ts';
import type { Entry, Handle } from './model.ts';

export function newSize({ random }: Lane, entry: Entry): number {
  const { length } = entry.file?.view ?? Buffer.alloc(0);
  return random.pick([0, random.int(0, length), length + random.int(1, 10_000)]);
}

/** Writes all of an empty file in pieces and closes it. Answers whether every step was acknowledged. */
export async function writeWhole(lane: Lane, entry: Entry, handle: Handle, bytes: Buffer) {
  const { actor, random } = lane;
  const piece = random.pick([bytes.length, 4096, 65_536, 1_000_000]) || 1;
  let done = true;
  for (let at = 0; at < bytes.length && done; at += piece) {
    done = await actor.write(entry, handle, at, bytes.subarray(at, at + piece));
    if (done && random.chance(0.03)) done = await actor.fsync(entry, handle);
  }
  if (done && random.chance(0.3)) done = await actor.fsync(entry, handle, true);
  return (await actor.close(entry, handle, done)) && done;
}

/** Now and then in place, so that nothing but the bytes tells of it. */
export async function writePart({ actor, random }: Lane, entry: Entry, handle: Handle) {
  const { length } = entry.file?.view ?? Buffer.alloc(0);
  const most = random.chance(0.1) ? 200_000 : 3_000;
  const inPlace = length > 0 && random.chance(0.3);
  const position = random.int(0, inPlace ? length - 1 : length + (random.chance(0.1) ? 5_000 : 0));
  const bytes = random.bytes(random.int(1, inPlace ? Math.min(most, length - position) : most));
  await actor.write(entry, handle, position, bytes);
}
