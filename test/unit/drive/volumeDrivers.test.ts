import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLog } from '../../../src/base/log.ts';
import { type DriverChoice, findDrivers, getVolumeDrivers } from '../../../src/drive/volumeDrivers.ts';

const getNames = (choice: DriverChoice, platform: NodeJS.Platform) =>
  getVolumeDrivers(choice, { stateFile: '/nowhere/nfs.json', account: 'ada' }, platform).map(({ name }) => name);

describe('the drivers that a setting allows', () => {
  it('are macFUSE and then NFS on a Mac, which needs nothing installed', () => {
    assert.deepEqual(getNames('auto', 'darwin'), ['binding', 'nfs']);
    assert.deepEqual(getNames('fuse', 'darwin'), ['binding']);
  });

  it('are the kernel’s own FUSE and then the binding on Linux', () => {
    assert.deepEqual(getNames('auto', 'linux'), ['fuse', 'binding']);
    assert.deepEqual(getNames('fuse', 'linux'), ['fuse']);
  });

  it('are none on Windows, whatever is chosen, and say so before anything is touched', async () => {
    for (const choice of ['auto', 'fuse', 'nfs', 'binding'] as const)
      assert.deepEqual(getNames(choice, 'win32'), ['none']);
    const drivers = getVolumeDrivers('auto', { stateFile: '/nowhere/nfs.json', account: 'ada' }, 'win32');
    await assert.rejects(findDrivers(drivers, silentLog), { name: 'MountError', kind: 'systemCannotMount' });
  });

  it('are NFS alone where a person chose it', () => {
    for (const platform of ['linux', 'darwin'] as const) assert.deepEqual(getNames('nfs', platform), ['nfs']);
  });
});
