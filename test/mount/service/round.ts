// Imported first: the files of the volume are read by the process that answers for them.
import '../../../src/drive/lifecycle/threadPool.ts';
import { createWorld, type Headless, type World } from '../support.ts';
import { type Mangler, startMangler } from './mangler.ts';
import type { Case } from './mangles.ts';
import { seed, use } from './use.ts';

/** A volume whose service is out of reach but for a mangler. */
export interface Place {
  readonly world: World;
  readonly mangler: Mangler;
  readonly drive: Headless;
  close(): Promise<void>;
}

export async function openPlace(): Promise<Place> {
  const world = await createWorld();
  const mangler = await startMangler(world.emulator.url);
  const drive = await world.start({ endpoint: mangler.url, loginToken: world.emulator.newLoginToken() });
  const close = async () => {
    await world.close();
    await mangler.close();
  };
  return { world, mangler, drive, close };
}

/** Uses a new folder of the volume under one mangle. Answers how many requests or answers were changed. */
export async function tryCase({ world, mangler, drive }: Place, mangle: Case, round = 0): Promise<number> {
  // No name of its own is odd.
  const folder = `${round} ${mangle.name.replace(/[\\;%/]/g, '_')}`;
  const using = {
    emulator: world.emulator,
    mountPoint: drive.mountPoint,
    folder,
    keepsTimes: mangle.losesTimes !== true,
  };
  const files = await seed(using);
  mangler.use(mangle);
  try {
    await use(using, files);
    return mangler.count();
  } finally {
    mangler.use({});
  }
}
