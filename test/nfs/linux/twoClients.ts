import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { remoteFiles } from '../../mount/support.ts';
import { md5 } from '../../support/md5.ts';
import { startTestDrive, type TestDrive } from '../../support/mountedDrive.ts';
import { until } from '../../support/until.ts';
import type { Machine } from '../vm/machine.ts';

const [one, other] = ['/mnt/one', '/mnt/other'];
/** Seconds: the poll, its requests and what the client itself takes as known, on a computer that is busy with other things. */
const patience = 30;

export function testTwoClients(machine: () => Machine): void {
  describe('shows what others changed after the next poll', { concurrency: 1 }, () => {
    let drive: TestDrive;
    before(async () => {
      drive = await startTestDrive({ pollMs: 1_000, settleMs: 100 });
      const served = await drive.serve();
      await machine().mount(served, one);
      await machine().mount(served, other, ['nosharecache']);
    });
    after(async () => {
      await machine().unmount(one);
      await machine().unmount(other);
      await drive.close();
    });

    /** Both clients have looked before, and see it now without being told. */
    const bothSee = (condition: (folder: string) => string) =>
      Promise.all(
        [one, other].map((folder) =>
          machine().run(`timeout ${patience} sh -c 'until ${condition(folder)}; do sleep 0.1; done' 2>/dev/null`),
        ),
      );
    const holds = (text: string) => (folder: string) => `[ "$(cat ${folder}/shared.txt)" = "${text}" ]`;

    it('a new file, new bytes, another name and a removal by another device, to two clients', async () => {
      const { emulator } = drive;
      await machine().run(`ls -l ${one} ${other}; stat ${one}/shared.txt ${other}/shared.txt || true`);
      await emulator.put('/Jotta/Archive/shared.txt', 'from elsewhere');
      await bothSee(holds('from elsewhere'));
      await emulator.put('/Jotta/Archive/shared.txt', 'changed elsewhere');
      await bothSee(holds('changed elsewhere'));
      emulator.move('/Jotta/Archive/shared.txt', '/Jotta/Archive/renamed.txt');
      await bothSee((folder) => `[ "$(ls ${folder})" = renamed.txt ]`);
      emulator.remove('/Jotta/Archive/renamed.txt');
      await bothSee((folder) => `[ -z "$(ls ${folder})" ]`);
    });

    it('one client’s file to the other, and its bytes after it was closed', async () => {
      await machine().run(`ls ${other}; echo one > ${one}/shared.txt`);
      await bothSee(holds('one'));
      await machine().run(`echo two >> ${other}/shared.txt`);
      await bothSee(holds('one\ntwo'));
      const bytes = md5('one\ntwo\n');
      await until('the server has it', () => remoteFiles(drive.emulator).get('shared.txt')?.md5 === bytes);
    });

    it('no name of a file that the other client keeps open, neither here nor on the server', async () => {
      const held = `exec 3<${one}/shared.txt; rm ${one}/shared.txt; cat <&3; ls -a ${one}; ls -a ${other}`;
      const said = await machine().run(held);
      assert.equal(said, 'one\ntwo\n.\n..\n.\n..\n');
      await until('it is gone from the server', () => remoteFiles(drive.emulator).size === 0);
    });

    it('none of it was an error to the drive', () => {
      assert.deepEqual(drive.complaints, []);
    });
  });
}
