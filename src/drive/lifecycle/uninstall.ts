import { connect } from 'node:net';
import { join } from 'node:path';
import { openConnection } from '../../protocol/connection.ts';
import { shutdown } from '../../protocol/messages.ts';
import { socketPath } from '../../protocol/socketPath.ts';
import { proveToDrive } from '../../protocol/socketProof.ts';
import { findSocketSecret } from '../../protocol/socketSecret.ts';
import { cacheDir, stateDir } from '../../protocol/stateDir.ts';
import { takeLeftVolumes } from '../../volume/nfs/leftVolumes.ts';
import { findNotedCacheDir } from './forget.ts';
import { leave } from './uninstallCleanup.ts';

/** VS Code gives this process a few seconds in all. ms. */
const answerMs = 1_000;

/** VS Code runs this once the extension is gone for good (`vscode:uninstall`), on whatever Node.js it has. */
endDrive()
  .then(async (wasThere) => {
    // A drive that is there takes its own volumes away, once nothing is left to send.
    if (!wasThere) await takeLeftVolumes(join(stateDir(), 'nfs.json'));
  })
  .then(async () => leave(stateDir(), (await findNotedCacheDir(stateDir())) ?? cacheDir()))
  .then(
    (notices) => {
      for (const notice of notices) process.stdout.write(`${notice}\n`);
    },
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exitCode = 1;
    },
  );

/** A drive that was kept after the last window (`keepAfterClose`) has nobody left to tell it to stop. False: there is none. */
function endDrive(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath(stateDir()));
    let isThere = false;
    socket.on('error', () => resolve(isThere));
    socket.once('close', () => resolve(isThere));
    socket.setTimeout(answerMs, () => socket.destroy());
    socket.once('connect', async () => {
      isThere = true;
      const secret = await findSocketSecret(stateDir());
      if ((await proveToDrive(socket, secret, answerMs)) !== 'proved') return;
      const rpc = openConnection(socket);
      rpc.listen();
      const end = () => socket.destroy();
      rpc.sendRequest(shutdown, { reason: 'drain' }).then(end, end);
    });
  });
}
