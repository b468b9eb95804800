import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { remoteFiles } from '../../mount/support.ts';
import type { Run } from '../../posix/driver.ts';
import { type Content, contentBytes, describeBytes, type Operation, type Result } from '../../posix/operations.ts';
import { close, list, load, open, read, save, unlink, write } from '../../posix/steps.ts';
import { createSyscallDriver } from '../../posix/syscalls.ts';
import { md5 } from '../../support/md5.ts';
import { until } from '../../support/until.ts';
import { type ServedDrive, startServed } from '../served.ts';
import { workerCommand } from '../vm/initramfs.ts';
import type { Machine } from '../vm/machine.ts';
import { checkByRclone } from './checkByRclone.ts';

const files = 40;
/** So many are saved when the drive is killed: uploads run, and others wait. */
const savedBefore = 15;
const uploadMs = 120_000;
const contentOf = (index: number): Content => ({ seed: index, length: 1_000 + index * 7_919 });
const partBytes = 1_000_000;
const part = (index: number): Content => ({ seed: 100 + index, length: partBytes });

export function testKilledDrive(machine: () => Machine): void {
  describe('loses nothing when the drive is killed and started again under its volume', { concurrency: 1 }, () => {
    const folder = '/mnt/killed';
    let emulator: Emulator;
    let drive: ServedDrive;
    let dir: string;
    let run: Run;
    let endRun: () => Promise<void>;

    const start = (loginToken?: string) =>
      startServed({
        endpoint: emulator.url,
        state: path.join(dir, 'state'),
        ...(loginToken === undefined ? {} : { loginToken }),
      });
    const perform = async (...operations: Operation[]): Promise<Result> =>
      (await run.perform(operations)).at(-1) as Result;

    before(async () => {
      dir = await mkdtemp(path.join(tmpdir(), 'jottacloud-nfs-'));
      emulator = await startEmulator({ rclone: path.join(dir, 'rclone') });
      drive = await start(emulator.newLoginToken());
      await machine().mount(drive, folder);
      const driver = createSyscallDriver({
        root: () => folder,
        shared: true,
        startWorker: () => machine().start(workerCommand),
      });
      run = await driver.begin();
      endRun = async () => {
        await run.end();
        await driver.close();
      };
    });
    after(async () => {
      await endRun();
      await machine().unmount(folder);
      await drive.stop();
      await emulator.close();
      await rm(dir, { recursive: true, force: true });
    });

    it(`${files} files saved meanwhile, one that is being written, and nothing of one that was removed`, async () => {
      await perform(open('long', 'long', 'O_RDWR|O_CREAT'), write('long', part(0), 0));
      await perform(save('removed', 'bytes'), open('removed', 'removed', 'O_RDONLY'), unlink('removed'));
      let saved = 0;
      const saving = (async () => {
        for (; saved < files; saved += 1) {
          assert.ok('value' in (await perform(save(`f${saved}`, contentOf(saved)))));
        }
      })();
      await until('some are saved', () => saved >= savedBefore, uploadMs);
      await drive.kill();
      const { port } = drive;
      drive = await start();
      assert.equal(drive.port, port);
      await saving;
      await perform(write('long', part(1), partBytes), close('long'));

      assert.deepEqual(await perform(read('removed', 9, 0)), { error: 'ESTALE' }, 'it went with the drive');
      const names = [...Array.from({ length: files }, (_, index) => `f${index}`), 'long'].sort();
      assert.deepEqual(await perform(list('')), { value: names.map((name) => `${name} file`) });
      const long = Buffer.concat([contentBytes(part(0)), contentBytes(part(1))]);
      assert.deepEqual(await perform(load('long')), { value: describeBytes(long) });

      const expected = names.map((name) => [
        name,
        md5(name === 'long' ? long : contentBytes(contentOf(Number(name.slice(1))))),
      ]);
      const uploaded = () => [...remoteFiles(emulator)].map(([name, item]) => [name, item.md5]).sort();
      // One that is being written may be uploaded between two of its writes.
      await until('all are uploaded', () => isDeepStrictEqual(uploaded(), expected), uploadMs);
      assert.deepEqual(uploaded(), expected);
    });

    it('the server is as the mount is afterwards', () => checkByRclone(machine(), folder, emulator));
  });
}
