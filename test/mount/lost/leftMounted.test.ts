import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Mounts } from '../../../src/drive/mounts.ts';
import type { Volume, VolumeDriver } from '../../../src/volume/volume.ts';
import { startTestDrive, type TestDrive } from '../../support/mountedDrive.ts';

describe('a volume that a dead drive left mounted', () => {
  let drive: TestDrive;
  before(async () => {
    drive = await startTestDrive();
  });
  after(() => drive.close());

  /** Mounts with a driver that is tried first and one that knows the volume of before. Answers what was asked of them. */
  async function mount(isLeft: boolean): Promise<string[]> {
    const asked: string[] = [];
    const make = (name: string, kind: Volume['kind']): VolumeDriver => ({
      name,
      prepare: async () => {},
      mount: async (mountPoint) => {
        asked.push(name);
        const gone = Promise.withResolvers<void>();
        const unmount = async () => {
          gone.resolve();
          return true;
        };
        return { kind, mountPoint, gone: gone.promise, notify: () => {}, told: async () => {}, unmount };
      },
      ...(kind === 'nfs' ? { canResume: async () => isLeft } : {}),
    });
    const getDrivers = () => [make('better', 'fuse'), make('of before', 'nfs')];
    const mounts = new Mounts(drive.session(), [], drive.log, { getDrivers, previewsDownload: () => false });
    await mounts.mount({ mountPoint: drive.mountPoint, source: '/Jotta/Archive', readOnly: false });
    await mounts.close();
    return asked;
  }

  it('goes on by the driver that it is of, whatever better one this computer has by now', async () => {
    assert.deepEqual(await mount(true), ['of before']);
  });

  it('is none elsewhere: there the best driver mounts', async () => {
    assert.deepEqual(await mount(false), ['better']);
  });
});
