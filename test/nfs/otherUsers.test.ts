import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createNfsDriver } from '../../src/volume/nfs/driver.ts';
import { nfsLimits } from '../../src/volume/nfs/limits.ts';
import { until } from '../support/until.ts';

import { NfsClient, nfsStatus } from './client.ts';
import { type NfsWorld, openNfsWorld } from './world.ts';

describe('another user of the computer', () => {
  let nfs: NfsWorld;
  let dir: string;
  const { PATH } = process.env;
  before(async () => {
    nfs = await openNfsWorld();
    dir = await mkdtemp(join(tmpdir(), 'strangers-'));
  });
  after(async () => {
    process.env.PATH = PATH;
    await nfs.close();
    await rm(dir, { recursive: true, force: true });
  });

  it('keeps no client out by connections that it holds', async () => {
    const { port } = nfs.server();
    assert.ok(typeof (await nfs.client.getattr(nfs.archive)) === 'object');
    const held: Socket[] = [];
    for (let count = 0; count < 2 * nfsLimits.connections; count += 1) {
      const socket = createConnection(port, '127.0.0.1').on('error', () => {});
      await new Promise((resolve) => socket.once('connect', resolve));
      held.push(socket);
    }
    const anew = await NfsClient.connect(port);
    assert.ok(typeof (await anew.getattr(nfs.archive)) === 'object');
    assert.ok(typeof (await nfs.client.getattr(nfs.archive)) === 'object');
    assert.ok(held.filter(({ destroyed }) => !destroyed).length < nfsLimits.connections);
    anew.close();
    for (const socket of held) socket.destroy();
  });

  it('that reads the path from the arguments of the program that mounts keeps it from mounting, and has nothing', async () => {
    const driver = createNfsDriver({ stateFile: join(dir, 'nfs.json'), account: 'test' });
    const mountPoint = join(dir, 'volume');
    // Both are quicker than the program, which finds the path taken.
    const stolen = await mountAs('exit 1', async (port, path) => {
      const thief = await NfsClient.connect(port);
      const handle = await thief.mount(path);
      assert.ok(Buffer.isBuffer(handle));
      assert.equal(await thief.mount(path), nfsStatus.noent);
      thief.close();
      return handle;
    });
    await mountAs('exit 0', async (port) => {
      const thief = await NfsClient.connect(port);
      assert.equal(await thief.getattr(stolen), nfsStatus.stale);
      thief.close();
    });

    /** Mounts by a program that says what it was told, and ends as `ending` says once `meanwhile` is done. */
    async function mountAs<T>(ending: string, meanwhile: (port: number, path: string) => Promise<T>): Promise<T> {
      const [told, go] = [join(dir, 'told'), join(dir, 'go')];
      await rm(told, { force: true });
      await rm(go, { force: true });
      const wait = `until test -e '${go}'; do sleep 0.05; done`;
      await writeFile(
        join(dir, 'mount'),
        `#!/bin/sh\necho "$@" > '${told}.new'; mv '${told}.new' '${told}'; ${wait}; ${ending}\n`,
      );
      await chmod(join(dir, 'mount'), 0o755);
      process.env.PATH = `${dir}:${PATH}`;
      const mounting = driver.mount(mountPoint, 'Jottacloud', nfs.view).catch((error: Error) => error);
      await until('the program that mounts runs', () => existsSync(told));
      const args = await readFile(told, 'utf8');
      const [, port = '', path = ''] = /[ ,]port=(\d+).* 127\.0\.0\.1:(\S+)/.exec(args) ?? [];
      const result = await meanwhile(Number(port), path);
      await writeFile(go, '');
      const outcome = await mounting;
      assert.equal(outcome instanceof Error, ending === 'exit 1');
      if (!(outcome instanceof Error)) await outcome.unmount(true);
      return result;
    }
  });
});
