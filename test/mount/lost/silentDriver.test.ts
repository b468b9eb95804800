import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { it } from 'node:test';
import { silentLog } from '../../../src/base/log.ts';
import { rootIno } from '../../../src/store/nodeRow.ts';
import { ensureFuse, type FuseModule } from '../../../src/volume/macfuse/preflight.ts';
import { mountVolume } from '../../../src/volume/macfuse/volume.ts';
import { startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld } from '../../support/sessionWorld.ts';

it('an unmount ends although the driver of FUSE never says that it has ended', async (context) => {
  const emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
  const world = await openSessionWorld(emulator);
  const mountPoint = join(world.dir, 'volume');
  try {
    await mkdir(mountPoint);
    const real = await ensureFuse();
    class Silent extends real {
      constructor(...[path, operations, options]: ConstructorParameters<FuseModule>) {
        super(path, Object.assign({}, operations, { destroy: (done: (code: number) => void) => done(0) }), options);
      }
    }
    const view = { vfs: world.session().vfs, root: rootIno, readOnly: false, log: silentLog, uid: 0, gid: 0 };
    const volume = await mountVolume(Silent, mountPoint, 'Jottacloud', {
      ...view,
      getQuota: () => ({ used: 0, total: 1_000_000_000 }),
      getPath: () => '/',
      onChanged: () => {},
      previewsStayLocal: () => false,
    });
    context.mock.timers.enable({ apis: ['setTimeout'] });
    syncBuiltinESMExports();
    let done: boolean | undefined;
    void volume.unmount(false).then((answer) => {
      done = answer;
    });
    while (done === undefined) {
      context.mock.timers.tick(1_000);
      await new Promise(setImmediate);
    }
    assert.equal(done, true);
  } finally {
    context.mock.timers.reset();
    syncBuiltinESMExports();
    await world.close();
    await emulator.close();
  }
});
