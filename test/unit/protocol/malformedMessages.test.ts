import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { RequestType } from 'vscode-jsonrpc/node';
import { silentLog } from '../../../src/base/log.ts';
import { defaultNetworkOptions } from '../../../src/base/networkOptions.ts';
import * as files from '../../../src/protocol/fileMessages.ts';
import * as messages from '../../../src/protocol/messages.ts';
import { type DriveOnSocket, startDriveOnSocket } from '../../support/driveOnSocket.ts';

const path = '/Jotta/Archive/a.txt';
const revision = 1;
const collision = 'fail';
const onPath = { path };

/** By method, parameters that are right. */
const samples: Readonly<Record<string, object>> = {
  'drive/hello': { protocolVersion: 1, clientVersion: '0.1.0', keepsTokens: false, focused: true },
  'drive/signIn': { loginToken: 'none', confirmedHost: 'example.org' },
  'drive/beginSignIn': { brand: 'no brand', page: { title: 'a', done: 'b', refused: 'c' } },
  'drive/awaitSignIn': { id: 'none' },
  'drive/passSignInAddress': { id: 'none', address: 'http://127.0.0.1/' },
  'drive/resume': { username: 'somebody', secret: 'none' },
  'drive/mount': { mountPoint: '/nowhere', source: '/', readOnly: true },
  'drive/unmount': { mountPoint: '/nowhere', mode: 'keep' },
  'drive/list': { path, refresh: false },
  'drive/watch': { paths: [path] },
  'drive/setOptions': {
    ...{ pollIntervalMs: 45_000, cacheMaxBytes: 1, cacheMinFreeBytes: 1, keepAfterClose: false, ignoredNames: ['*'] },
    driver: 'auto',
    followOutsideLinks: false,
    previewsDownload: false,
    ...{ uploadBytesPerSecond: 0, downloadBytesPerSecond: 0, parallelPushes: 1 },
    network: { ...defaultNetworkOptions, noProxy: ['localhost'] },
  },
  'drive/setTransfersPaused': { paused: true },
  'drive/retryFailed': { id: '7' },
  'drive/checkMountPoint': { mountPoint: '/nowhere' },
  'drive/stopTransfer': { id: '7' },
  'drive/discardFailed': { id: '7' },
  'drive/exportFailed': { id: '7', to: '/nowhere' },
  'drive/history': { limit: 1 },
  'drive/shutdown': { reason: 'drain' },
  'files/stat': onPath,
  'files/lookup': { paths: [path] },
  'files/readFile': { path, offset: 0, length: 1 },
  'files/writeFile': { path, content: '', create: true, overwrite: true },
  'files/putFile': { path, localFile: '/nowhere', create: true, overwrite: true },
  'files/createFolder': onPath,
  'files/delete': { path, recursive: true },
  'files/rename': { from: path, to: path, overwrite: true },
  'files/copy': { from: path, to: path, collision },
  'files/upload': { localPaths: ['/nowhere'], folder: path, collision },
  'files/download': { paths: [path], localFolder: '/nowhere', collision },
  'files/search': { folder: '/', text: 'a', limit: 1, deep: false },
  'files/listRevisions': onPath,
  'files/readRevision': { path, revision, offset: 0, length: 1 },
  'files/restoreRevision': { path, revision },
  'files/restoreFromTrash': onPath,
  'files/deleteForever': onPath,
  'files/createPublicLink': onPath,
  'files/getPublicLink': onPath,
  'files/removePublicLink': onPath,
  'files/getWebUrl': onPath,
  'files/pin': onPath,
  'files/removeOfflineCopy': onPath,
};

/** These may be missing. */
const optionalFields = new Set(['drive/retryFailed id', 'drive/signIn confirmedHost']);

/** Of every kind one, and of numbers those that no number of ours may be. */
const strangers: readonly unknown[] = [null, true, 'a word', '\0', 7.5, -1, 1e300, [], [[]], {}, { path: {} }];

/** Every place in `value` with what is wrong there. */
function* spoil(value: unknown, field: string): Generator<{ field: string; spoilt: unknown }> {
  for (const stranger of strangers) {
    const isSameKind = typeof stranger === typeof value && Array.isArray(stranger) === Array.isArray(value);
    // A text of any kind may be right, but for words of a list and paths; any number may not.
    if (stranger === null || !isSameKind || typeof stranger === 'number') yield { field, spoilt: stranger };
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      for (const { field: inner, spoilt } of spoil(item, `${field}[${index}]`)) {
        yield { field: inner, spoilt: value.with(index, spoilt) };
      }
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const name = field === '' ? key : `${field}.${key}`;
      const { [key]: _gone, ...rest } = value as Record<string, unknown>;
      yield { field: name, spoilt: rest };
      for (const { field: inner, spoilt } of spoil(item, name))
        yield { field: inner, spoilt: { ...value, [key]: spoilt } };
    }
  }
}

describe('a message that is not what it should be', () => {
  let dir: string;
  let own: DriveOnSocket;
  const shutdowns: string[] = [];
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'jottacloud-messages-'));
    const onShutdown = (reason: string) => void shutdowns.push(reason);
    own = await startDriveOnSocket({ dir, endpoint: 'http://127.0.0.1:1', log: silentLog, onShutdown });
  });
  after(async () => {
    own.disconnect();
    await rm(dir, { recursive: true, force: true });
  });

  const ask = (method: string, ...params: unknown[]): Promise<{ code: string; field?: string }> =>
    own.rpc.sendRequest(method, ...params).then(
      () => ({ code: 'done' }),
      (error) => ({ code: error.data?.code ?? `${error}`, field: error.data?.args?.field }),
    );

  it('is looked for in every request that takes parameters', () => {
    const types = [...Object.values(messages), ...Object.values(files)].filter((each) => each instanceof RequestType);
    const methods = types.map(({ method }) => method).filter((method) => method !== messages.storeTokens.method);
    assert.deepEqual(Object.keys(samples).toSorted(), methods.toSorted());
  });

  it('is taken when it is right', async () => {
    for (const [method, params] of Object.entries(samples)) {
      assert.notEqual((await ask(method, params)).code, 'invalidParams', method);
    }
    assert.deepEqual(shutdowns, ['drain']);
  });

  it('is refused when a path of this computer is relative to wherever the drive was started', async () => {
    for (const relative of ['', 'here', './here', '../here']) {
      const fields = {
        'files/putFile': ['localFile', relative],
        'files/upload': ['localPaths', [relative]],
        'files/download': ['localFolder', relative],
      } as const;
      for (const [method, [field, value]] of Object.entries(fields)) {
        const { code, field: told = '' } = await ask(method, { ...samples[method], [field]: value });
        assert.equal(`${code} ${told.replace('[0]', '')}`, `invalidParams ${field}`);
      }
    }
  });

  it('is refused with the name of the field, whatever is wrong in it', async () => {
    let count = 0;
    for (const [method, params] of Object.entries(samples)) {
      for (const { field, spoilt } of spoil(params, '')) {
        const isRight = optionalFields.has(`${method} ${field}`) && !Object.hasOwn(spoilt as object, field);
        if (isRight || (Array.isArray(spoilt) && field === '')) continue;
        const answer = await ask(method, spoilt);
        // An object without the fields is told by the first of them.
        const expected = field === '' && typeof spoilt === 'object' && spoilt !== null ? answer.field : field;
        assert.deepEqual(answer, { code: 'invalidParams', field: expected }, `${method} ${JSON.stringify(spoilt)}`);
        count += 1;
      }
      for (const none of [[], [[1, 2]], [1, 2, 3], [null, null]]) {
        assert.match(
          (await ask(method, ...none)).code,
          method === 'drive/retryFailed' ? /./ : /^invalidParams$/,
          method,
        );
      }
    }
    assert.ok(count > 1_000, `${count}`);
    assert.deepEqual(shutdowns, ['drain'], 'none of them ended the drive');
  });

  it('never makes the drive fail later: what it shows is looked at now and then', () => {
    own.drive.keepWatched();
  });
});
