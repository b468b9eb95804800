import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type Emulator, startEmulator } from '../emulator/emulator.ts';
import { md5 } from '../support/md5.ts';
import { until } from '../support/until.ts';

import { NfsClient, nfsStatus } from './client.ts';
import { type ServedDrive, startServed } from './served.ts';

const run = promisify(execFile);

describe('npm run mount -- --driver nfs --serve', () => {
  let emulator: Emulator;
  let drive: ServedDrive;
  let dir: string;
  before(async () => {
    dir = await mkdtemp(path.join(tmpdir(), 'jottacloud-nfs-'));
    emulator = await startEmulator();
    drive = await startServed({
      endpoint: emulator.url,
      state: path.join(dir, 'state'),
      loginToken: emulator.newLoginToken(),
    });
  });
  after(async () => {
    await drive.stop();
    await emulator.close();
    await rm(dir, { recursive: true, force: true });
  });

  it('serves another NFS client: libnfs copies a file in, and the account has it', async () => {
    const bytes = randomBytes(3_000_000);
    await writeFile(path.join(dir, 'in.bin'), bytes);
    await run('nfs-cp', [path.join(dir, 'in.bin'), drive.url('/copied.bin')]);
    const { stdout } = await run('nfs-cat', [drive.url('/copied.bin')], { encoding: 'buffer', maxBuffer: 2 ** 24 });
    assert.equal(md5(stdout), md5(bytes));
    const find = () => emulator.tree().find((item) => item.path === '/Jotta/Archive/copied.bin');
    await until('the account has it', () => find()?.md5 === md5(bytes), 60_000);
    assert.match((await run('nfs-ls', [drive.url()])).stdout, /copied\.bin/);
  });

  it('keeps its secret to the user', async () => {
    const { mode } = await stat(path.join(dir, 'state', 'nfs.json'));
    assert.equal(mode & 0o777, 0o600);
  });

  it('goes on after a kill: on the same port, with the same handles, and with what was committed', async () => {
    const { port, exportPath } = drive;
    const client = await NfsClient.connect(port);
    const folder = await client.mount(exportPath);
    assert.ok(Buffer.isBuffer(folder));
    const file = await client.create(folder, 'survivor.txt');
    assert.ok(Buffer.isBuffer(file));
    assert.ok(Buffer.isBuffer(await client.write(file, 0, Buffer.from('committed'))));
    assert.equal(await client.commit(file), nfsStatus.ok);
    await drive.kill();
    client.close();
    drive = await startServed({ endpoint: emulator.url, state: path.join(dir, 'state') });
    assert.equal(drive.port, port);
    assert.notEqual(drive.exportPath, exportPath, 'a path of before gives nothing out any more');
    const again = await NfsClient.connect(port);
    assert.equal(String(await again.read(file, 0, 100)), 'committed');
    assert.equal(await again.mount(exportPath), nfsStatus.noent);
    again.close();
  });
});
