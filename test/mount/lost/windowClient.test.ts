import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import * as messages from '../../../src/protocol/messages.ts';
import { emptyDriveState } from '../../../src/protocol/state.ts';
import { signIn } from '../../support/sessionWorld.ts';
import { until } from '../../support/until.ts';
import { createWorld, type World } from '../support.ts';
import { type Secrets, startDriveProcess } from './driveProcess.ts';
import { openClient, root } from './windowClient.ts';

const drive = `await import(${JSON.stringify(join(root, 'src/drive/main.ts'))});`;

/** The first one dies when it is to take up the session, as one does that finds its database damaged then. */
const dyingDrive = `
  import { createServer } from 'node:net';
  import { existsSync, rmSync, writeFileSync } from 'node:fs';
  import { proveToWindow } from ${JSON.stringify(join(root, 'src/protocol/socketProof.ts'))};
  import { makeSocketSecret } from ${JSON.stringify(join(root, 'src/protocol/socketSecret.ts'))};
  import jsonrpc from ${JSON.stringify(join(root, 'node_modules/vscode-jsonrpc/lib/node/main.js'))};
  const state = process.argv[process.argv.indexOf('--state') + 1];
  const greeting = ${JSON.stringify({
    ...{ protocolVersion: messages.protocolVersion, driveVersion: '1.0.0', pid: 1, logFile: '' },
    ...{ signedIn: false, notifyingWindow: true, state: emptyDriveState },
  })};
  if (existsSync(state + '/died')) {
    ${drive}
  } else {
    rmSync(state + '/drive.sock', { force: true });
    const secret = await makeSocketSecret(state);
    createServer(async (socket) => {
      if ((await proveToWindow(socket, secret)) !== 'proved') return;
      const { createMessageConnection, StreamMessageReader, StreamMessageWriter } = jsonrpc;
      const rpc = createMessageConnection(new StreamMessageReader(socket), new StreamMessageWriter(socket));
      rpc.onRequest('drive/hello', () => greeting);
      rpc.onRequest('drive/setOptions', () => null);
      rpc.onRequest('drive/resume', () => {
        writeFileSync(state + '/died', '');
        process.exit(1);
      });
      rpc.listen();
    }).listen(state + '/drive.sock');
  }
`;

describe('a window', () => {
  let world: World;
  let mountPoint: string;
  const isMounted = async () => (await readFile('/proc/self/mountinfo', 'utf8')).includes(` ${mountPoint} `);
  beforeEach(async () => {
    world = await createWorld();
    mountPoint = join(world.dir, 'volume');
  });
  afterEach(async () => {
    await until('the volume is gone', async () => !(await isMounted()));
    await world.close();
  });

  it('goes on with the next drive when one dies while it takes up the session', async () => {
    await mkdir(join(world.dir, 'drive'));
    const tokens = await signIn(world.emulator);
    const secrets = { stored: { username: tokens.username, secret: JSON.stringify(tokens) } };
    const client = await openClient(world, secrets, '1.0.0', dyingDrive);
    try {
      await client.attach().catch(() => {});
      const list = () => client.request(messages.list, { path: '/', refresh: false });
      await until('it answers', () => list().catch(() => undefined));
    } finally {
      client.dispose();
    }
  });

  it('of a newer version brings back what the older drive had mounted', async () => {
    const secrets: Secrets = { stored: undefined };
    const older = startDriveProcess(world, secrets);
    const window = await older.openWindow();
    await window.rpc.sendRequest(messages.signIn, { loginToken: world.emulator.newLoginToken() });
    await window.rpc.sendRequest(messages.mount, { mountPoint, source: '/Jotta/Archive', readOnly: false });
    // It is loaded again; the drive stays for its grace.
    window.close();
    const client = await openClient(world, secrets, '999.0.0', drive);
    try {
      await client.attach();
      assert.equal(await older.exited, 0);
      await until('it is mounted again', isMounted);
      await until('the window shows it', () => client.state.mounts.length === 1);
    } finally {
      client.dispose();
      older.child.kill('SIGKILL');
    }
  });
});
