import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ensureOwnFile, ensureOwnFolder } from '../../../src/base/ownFiles.ts';
import { getFacts } from '../../../src/base/platform.ts';
import { findSocketSecret, makeSocketSecret } from '../../../src/protocol/socketSecret.ts';

describe('files of the drive where files have no modes', () => {
  const facts = getFacts('win32');
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'jottacloud-own-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('are folders and files and no links: what the system says of owner and mode means nothing there', async () => {
    const folder = join(dir, 'a', 'b');
    ensureOwnFolder(folder, { facts });
    await chmod(folder, 0o777);
    ensureOwnFolder(folder, { facts });
    assert.equal((await stat(folder)).mode & 0o777, 0o777);
    ensureOwnFile(join(folder, 'file'), facts);
    await chmod(join(folder, 'file'), 0o666);
    ensureOwnFile(join(folder, 'file'), facts);
    assert.equal((await stat(join(folder, 'file'))).mode & 0o777, 0o666);
  });

  it('are refused where something else is in their place', async () => {
    await mkdir(join(dir, 'elsewhere'));
    await symlink(join(dir, 'elsewhere'), join(dir, 'link'));
    assert.throws(() => ensureOwnFolder(join(dir, 'link'), { facts }), { name: 'OwnershipError', kind: 'link' });
    assert.throws(() => ensureOwnFile(join(dir, 'link'), facts), { name: 'OwnershipError', kind: 'link' });
    assert.throws(() => ensureOwnFile(join(dir, 'elsewhere'), facts), { name: 'OwnershipError', kind: 'kind' });
  });

  it('hold the secret of the socket, whole or not at all', async () => {
    const secret = await makeSocketSecret(dir);
    await chmod(join(dir, 'socket-secret'), 0o666);
    assert.deepEqual(await findSocketSecret(dir, facts), secret);
    assert.equal(
      await findSocketSecret(dir, getFacts('linux')),
      undefined,
      'where modes mean something, others may know it',
    );
    await writeFile(join(dir, 'socket-secret'), 'half');
    assert.equal(await findSocketSecret(dir, facts), undefined);
  });
});
