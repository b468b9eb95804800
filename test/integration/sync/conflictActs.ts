import type { Emulator } from '../../emulator/emulator.ts';
import type { SessionWorld } from '../../support/sessionWorld.ts';

/**
 * The place of one row of the table: `parent/file.txt` and `parent/still.txt` on both sides, an empty folder `other`.
 * `ours` is what this computer writes, `theirs` what another one does.
 */
export interface Place {
  readonly top: string;
  readonly texts: {
    readonly base: string;
    readonly still: string;
    /** `base` with an end of our own: the rest is never downloaded before the upload needs it. */
    readonly ours: string;
    readonly theirs: string;
    readonly ourInner: string;
    readonly theirInner: string;
  };
}

/** Answers what is left to do after the other side was heard of: a close. */
type LocalAct = (world: SessionWorld, place: Place) => Promise<(() => Promise<void>) | undefined>;
type RemoteAct = (emulator: Emulator, place: Place, local: LocalName) => Promise<void>;

const writing = { writing: true, append: false, truncate: false };

async function openFile(world: SessionWorld, { top, texts }: Place) {
  const { vfs } = world.session();
  const fh = await vfs.open(await world.find(`${top}/parent/file.txt`), writing);
  return {
    write: () => vfs.write(fh, Buffer.from(texts.ours.slice(texts.base.length)), texts.base.length),
    flush: () => vfs.flushHandle(fh),
    release: () => vfs.release(fh),
  };
}

async function writeEnd(world: SessionWorld, place: Place) {
  const file = await openFile(world, place);
  await file.write();
  return file;
}

export const localActs = {
  edited: async (world, place) => {
    const { flush, release } = await writeEnd(world, place);
    await flush();
    await release();
    return undefined;
  },
  'written, not flushed': async (world, place) => {
    const { flush, release } = await writeEnd(world, place);
    return async () => {
      await flush();
      await release();
    };
  },
  'opened, written later': async (world, place) => {
    const { write, flush, release } = await openFile(world, place);
    return async () => {
      await write();
      await flush();
      await release();
    };
  },
  touched: async (world, { top }) => {
    const ino = await world.find(`${top}/parent/file.txt`);
    await world.session().vfs.setTimes(ino, { sec: 1_500_000_000, nsec: 0 });
    return undefined;
  },
  removed: async (world, { top }) => {
    await world.unlink(`${top}/parent/file.txt`);
    return undefined;
  },
  renamed: async (world, { top }) => {
    await world.rename(`${top}/parent/file.txt`, `${top}/parent/ours.txt`);
    return undefined;
  },
  'moved to another folder': async (world, { top }) => {
    await world.rename(`${top}/parent/file.txt`, `${top}/other/file.txt`);
    return undefined;
  },
  'edited and moved': async (world, place) => {
    const { flush, release } = await writeEnd(world, place);
    await flush();
    await release();
    await world.rename(`${place.top}/parent/file.txt`, `${place.top}/other/file.txt`);
    return undefined;
  },
  'replaced by a folder': async (world, { top, texts }) => {
    await world.unlink(`${top}/parent/file.txt`);
    await world.mkdir(`${top}/parent/file.txt`);
    await world.save(`${top}/parent/file.txt/inner.txt`, texts.ourInner);
    return undefined;
  },
  'its folder moved': async (world, { top }) => {
    await world.rename(`${top}/parent`, `${top}/other/parent`);
    return undefined;
  },
  'edited, its folder moved': async (world, place) => {
    const { flush, release } = await writeEnd(world, place);
    await flush();
    await release();
    await world.rename(`${place.top}/parent`, `${place.top}/other/parent`);
    return undefined;
  },
  'its folder removed': async (world, { top }) => {
    await world.unlink(`${top}/parent/file.txt`);
    await world.unlink(`${top}/parent/still.txt`);
    await world.rmdir(`${top}/parent`);
    return undefined;
  },
} satisfies Record<string, LocalAct>;
export type LocalName = keyof typeof localActs;

const editing: readonly LocalName[] = [
  'edited',
  'written, not flushed',
  'opened, written later',
  'edited and moved',
  'edited, its folder moved',
];

export const remoteActs = {
  edited: (emulator, { top, texts }) => emulator.put(`${top}/parent/file.txt`, texts.theirs),
  removed: async (emulator, { top }) => emulator.remove(`${top}/parent/file.txt`),
  renamed: async (emulator, { top }) => emulator.move(`${top}/parent/file.txt`, `${top}/parent/theirs.txt`),
  'replaced by a folder': async (emulator, { top, texts }) => {
    emulator.remove(`${top}/parent/file.txt`);
    await emulator.put(`${top}/parent/file.txt/inner.txt`, texts.theirInner);
  },
  'its folder moved': async (emulator, { top }) => emulator.move(`${top}/parent`, `${top}/their parent`),
  'its folder removed': async (emulator, { top }) => emulator.remove(`${top}/parent`),
  'its time changed': (emulator, { top, texts }) =>
    emulator.put(`${top}/parent/file.txt`, texts.base, { modified: new Date(1_600_000_000_000) }),
  'given the same bytes': (emulator, { top, texts }, local) =>
    emulator.put(`${top}/parent/file.txt`, editing.includes(local) ? texts.ours : texts.base),
} satisfies Record<string, RemoteAct>;
export type RemoteName = keyof typeof remoteActs;

/** Every content the two changes bring into the world, by name. */
export function getContents({ texts }: Place, local: LocalName, remote: RemoteName): [string, string][] {
  const { base, still, ours, theirs, ourInner, theirInner } = texts;
  const contents: Record<string, string | undefined> = {
    base,
    still,
    ours: editing.includes(local) ? ours : undefined,
    theirs: remote === 'edited' ? theirs : undefined,
    ourInner: local === 'replaced by a folder' ? ourInner : undefined,
    theirInner: remote === 'replaced by a folder' ? theirInner : undefined,
  };
  return Object.entries(contents).filter((entry): entry is [string, string] => entry[1] !== undefined);
}
