import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../emulator/emulator.ts';
import type { Quirks } from '../emulator/quirks.ts';
import type { Counts } from './counts.ts';
import { createDisk } from './disk.ts';
import { DriveProcess } from './driveProcess.ts';
import { createHands } from './hands.ts';
import { Model } from './model.ts';
import { createHistory, type Stage } from './stage.ts';
import { Violation } from './violation.ts';

/** An account, a server, a drive with its disk, and the hands that work on its volume. */
export interface World {
  /** Holds everything; kept after a violation. */
  readonly dir: string;
  readonly emulator: Emulator;
  /** How the server differs from the default. */
  readonly quirks: Partial<Quirks>;
  readonly stage: Stage;
  /** The drive's state folder. */
  readonly state: string;
  /** The emulator's. */
  readonly serverState: string;
  /** `keep`: everything but the disk image's mount and the processes stays. */
  close(keep: boolean): Promise<void>;
}

/** Short, so that tokens run out by themselves, too. Seconds. */
const tokenLifetime = 90;

export async function createWorld(counts: Counts, quirks: Partial<Quirks>): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'jottacloud-chaos-'));
  const disk = await createDisk(dir);
  const serverState = join(dir, 'server');
  const emulator = await startEmulator({ state: serverState, rclone: join(dir, 'rclone'), tokenLifetime, quirks });
  const state = join(disk.dir, 'state');
  const volume = join(dir, 'volume');
  await mkdir(volume);
  await mkdir(join(dir, 'local'));
  const drive = new DriveProcess({
    ...{ endpoint: emulator.url, volume, state, cache: join(disk.dir, 'cache') },
    ...{ home: dir, logFile: join(dir, 'drive.log') },
  });
  const load = async (digest: string) => {
    if (digest === 'd41d8cd98f00b204e9800998ecf8427e') return Buffer.alloc(0);
    return readFile(join(serverState, 'blobs', digest.slice(0, 2), digest)).catch(() => undefined);
  };
  const stage: Stage = {
    model: new Model(),
    hands: createHands(),
    drive,
    disk,
    counts,
    weather: { faults: false, corrupt: false, signedOut: false, killed: false, outage: false, powerCut: false },
    top: join(volume, 'Archive'),
    local: join(dir, 'local'),
    load,
    history: createHistory(join(dir, 'history.log')),
  };
  const close = async (keep: boolean) => {
    await stage.hands.close();
    await drive.kill();
    await drive.detach();
    await emulator.close();
    await disk.close(keep);
    if (!keep) await rm(dir, { recursive: true, force: true });
  };
  if (!(await drive.start({ loginToken: emulator.newLoginToken(), settleMs: 100 }))) {
    const log = drive.takeLog();
    await close(true);
    throw new Violation(['the drive does not start the first time', ...log]);
  }
  return { dir, emulator, quirks, stage, state, serverState, close };
}
