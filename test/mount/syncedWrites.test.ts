import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { LocalFile } from '../../src/base/localFile.ts';
import { startTestDrive, type TestDrive } from '../support/mountedDrive.ts';
import { run } from './support.ts';

const { datasync } = LocalFile.prototype;

/** From now on the disk keeps nothing of these files, and says so to who asks it to: who is told has waited for the disk. */
function refuse(isRefused: (name: string) => boolean): void {
  LocalFile.prototype.datasync = async function () {
    if (isRefused(basename(this.path))) throw Object.assign(new Error('the disk keeps nothing'), { code: 'EIO' });
    await datasync.call(this);
  };
}

/** What a program says of the error it is told. */
const told = /Input\/output error/;

for (const driver of ['fuse', 'binding'] as const) {
  describe(`through ${driver}, on a disk that keeps nothing`, () => {
    let drive: TestDrive;
    /** This process serves the volume, so it must not touch it: a shell does. Resolves with what is said, by errors too. */
    const sh = async (script: string): Promise<string> => {
      const env = { ...process.env, LC_ALL: 'C', D: drive.mountPoint };
      return (await run('sh', ['-c', `( ${script}\n) 2>&1; true`], { cwd: '/', env })).stdout;
    };
    before(async () => {
      drive = await startTestDrive({ driver });
      await drive.mount();
    });
    afterEach(() => {
      LocalFile.prototype.datasync = datasync;
    });
    after(() => drive.close());

    describe('the bytes of files', () => {
      beforeEach(() => refuse((name) => name !== 'metadata.db-wal'));

      it('a write and a close are answered at once', async () => {
        assert.equal(await sh('dd if=/dev/zero of="$D/plain" bs=4k count=2 status=none'), '');
      });

      for (const flag of ['sync', 'dsync']) {
        it(`a write with O_${flag.toUpperCase()} fails`, async () => {
          assert.match(await sh(`dd if=/dev/zero of="$D/${flag}" bs=4k count=2 oflag=${flag} status=none`), told);
        });
      }

      for (const how of ['fsync', 'fdatasync']) {
        it(`${how} fails`, async () => {
          assert.match(await sh(`dd if=/dev/zero of="$D/${how}" bs=4k count=2 conv=${how} status=none`), told);
        });
      }

      it('fsync of a file that was closed before fails', async () => {
        assert.match(await sh('echo closed >"$D/closed"; sync "$D/closed"'), told);
      });
    });

    it('changes of names included, fsync of the folder fails', async () => {
      refuse((name) => name === 'metadata.db-wal');
      assert.match(await sh('touch "$D/new"; sync "$D"'), told);
    });
  });
}
