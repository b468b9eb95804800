import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Emulator } from '../../emulator/emulator.ts';
import { startTestDrive, type TestDrive } from '../../support/mountedDrive.ts';
import { describeLists } from '../compare.ts';
import { performOnce } from '../driver.ts';
import { caseSensitive, createModelDriver } from '../model/model.ts';
import { digests } from '../steps.ts';
import { createSyscallDriver, type Place } from '../syscalls.ts';
import type { GeneratorOptions } from './generate.ts';
import { describeFailure, race } from './race.ts';

export interface MountRace {
  /** Rejects with the shrunk script when the mount, the model and a local folder are not of one mind. */
  run(options: GeneratorOptions): Promise<void>;
  /** Uploads what is left, then rejects unless stock rclone finds on the server what is on the mount, md5 for md5. */
  compareServer(): Promise<void>;
  readonly emulator: Emulator;
  /** Lines of the drive of level warn and error. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

/** Short enough that files are uploaded while they are being changed. */
const settleMs = 50;

/**
 * A mount whose drive uploads and polls all the time, a local folder, and the model, side by side. `mount` makes the mount
 * and tells where it is.
 */
export async function startMountRace(mount: (drive: TestDrive) => Promise<Place> = mountHere): Promise<MountRace> {
  const drive = await startTestDrive({ pollMs: 1_000, settleMs });
  const place = await mount(drive);
  const plain = mkdtempSync(join(tmpdir(), 'posix-plain-'));
  const local = createSyscallDriver({ root: () => plain });
  const mounted = createSyscallDriver(place);
  const contestants = [
    { name: 'the local folder', driver: local },
    { name: 'the model', driver: createModelDriver(caseSensitive) },
    { name: 'the mount', driver: mounted },
  ];
  return {
    run: async (options) => {
      const failure = await race(contestants, options);
      if (failure !== undefined) assert.fail(describeFailure(options, failure));
    },
    compareServer: async () => {
      await drive.settle();
      const shared = createSyscallDriver({ ...place, shared: true });
      try {
        const [here] = await performOnce(shared, [digests('')]);
        assert.ok(here !== undefined && 'value' in here);
        const difference = describeLists(here.value as string[], await drive.listServer());
        if (difference !== undefined) assert.fail(`the server is not as the mount is\n${difference}`);
      } finally {
        await shared.close();
      }
    },
    emulator: drive.emulator,
    complaints: drive.complaints,
    close: async () => {
      await local.close();
      await mounted.close();
      await drive.close();
      rmSync(plain, { recursive: true, force: true });
    },
  };
}

async function mountHere(drive: TestDrive): Promise<Place> {
  await drive.mount();
  return { root: () => drive.mountPoint, remount: drive.restart, settle: drive.settle };
}
