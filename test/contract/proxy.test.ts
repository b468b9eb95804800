import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { createLog, silentLog } from '../../src/base/log.ts';
import { defaultNetworkOptions, type NetworkOptions } from '../../src/base/networkOptions.ts';
import { Drive } from '../../src/drive/drive.ts';
import { toDriveErrorData } from '../../src/drive/windows/rpcErrors.ts';
import { TokenKeeper } from '../../src/drive/windows/tokenKeeper.ts';
import { parseLoginToken } from '../../src/jottacloud/auth/loginToken.ts';
import { exchangeLoginToken } from '../../src/jottacloud/auth/loginTokenExchange.ts';
import { JottacloudClient } from '../../src/jottacloud/client.ts';
import { isJottaError, type JottaErrorKind } from '../../src/jottacloud/errors.ts';
import type { ClientLimits } from '../../src/jottacloud/limits.ts';
import { createEndpoints } from '../../src/jottacloud/urls.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { atEnd, emulatorFor, tempFolder } from '../support/emulation.ts';
import { closedPort, startProxy, startSocksProxy } from './proxyServer.ts';

const never = new AbortController().signal;
const archive = ['Jotta', 'Archive'];
const of = (kind: JottaErrorKind) => (error: unknown) =>
  isJottaError(error, kind) || assert.fail(`not ${kind}: ${error}`);

interface World {
  emulator: Emulator;
  folder: string;
}

/** An emulator with a TLS side, so that the service's real host names lead to it, and a file to find. */
async function createWorld(test: TestContext): Promise<World> {
  const folder = await tempFolder(test);
  const emulator = await emulatorFor(test, { rclone: folder });
  await emulator.put('/Jotta/Archive/seen.txt', 'x');
  return { emulator, folder };
}

/** A login token as the service gives it: its link leads to the real host. */
function realLoginToken(emulator: Emulator): string {
  const fields = JSON.parse(Buffer.from(emulator.newLoginToken(), 'base64url').toString());
  const link = new URL(fields.well_known_link);
  fields.well_known_link = `https://id.jottacloud.com${link.pathname}`;
  return Buffer.from(JSON.stringify(fields)).toString('base64url');
}

interface Rig {
  client: JottacloudClient;
  lines: string[];
  /** Read at every request. */
  options: NetworkOptions;
}

/** A signed-in client on the real addresses; certificates are not looked at unless a test asks for it. */
async function connect(
  test: TestContext,
  { emulator }: World,
  options: Partial<NetworkOptions>,
  env: NodeJS.ProcessEnv = {},
  limits: Partial<ClientLimits> = {},
): Promise<Rig> {
  const lines: string[] = [];
  const rig = { lines, options: { ...defaultNetworkOptions, strictSsl: false, ...options } };
  const deps = {
    endpoints: createEndpoints(),
    userAgent: 'test',
    limits: { tries: 1, ...limits },
    log: createLog((line) => void lines.push(line), 'debug'),
    network: { getOptions: () => rig.options, env },
  };
  const tokens = await exchangeLoginToken(parseLoginToken(realLoginToken(emulator)), deps, never);
  const client = new JottacloudClient({ ...deps, tokens, vault: { saveTokens: async () => {} } });
  atEnd(test, async () => client.close());
  return Object.assign(rig, { client });
}

const at = (port: number, credentials = '') => `http://${credentials}127.0.0.1:${port}`;

describe('a proxy', () => {
  it('named by the settings carries every request, over connections that are kept', async (test) => {
    const world = await createWorld(test);
    const proxy = await startProxy(test, world.emulator);
    const { client } = await connect(test, world, { proxy: at(proxy.port) });
    for (let i = 0; i < 5; i += 1) {
      assert.deepEqual(
        (await client.fetchFolder(archive, never)).map(({ name }) => name),
        ['seen.txt'],
      );
    }
    assert.deepEqual(proxy.targets, ['id.jottacloud.com:443', 'api.jottacloud.com:443', 'jfs.jottacloud.com:443']);
  });

  it('of the settings wins over the one of the environment', async (test) => {
    const world = await createWorld(test);
    const proxy = await startProxy(test, world.emulator);
    const env = { HTTPS_PROXY: at(await closedPort()) };
    await connect(test, world, { proxy: at(proxy.port) }, env);
    assert.ok(proxy.targets.length > 0);
    await assert.rejects(connect(test, world, {}, env), of('offline'));
  });

  it('of the environment is used without settings', async (test) => {
    const world = await createWorld(test);
    const proxy = await startProxy(test, world.emulator);
    for (const name of ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'ALL_PROXY']) {
      const before = proxy.targets.length;
      await connect(test, world, {}, { [name]: at(proxy.port) });
      assert.ok(proxy.targets.length > before, name);
    }
  });

  it('may speak TLS itself, or SOCKS', async (test) => {
    const world = await createWorld(test);
    const [key, cert] = await Promise.all(['leaf.key', 'leaf.pem'].map((name) => readFile(join(world.folder, name))));
    assert.ok(key && cert);
    const secure = await startProxy(test, world.emulator, { tls: { key, cert } });
    await connect(test, world, { proxy: `https://127.0.0.1:${secure.port}` });
    assert.equal(secure.targets.length, 2);
    const socks = await startSocksProxy(test, world.emulator);
    const { client } = await connect(test, world, { proxy: `socks5h://127.0.0.1:${socks.port}` });
    assert.equal((await client.fetchFolder(archive, never)).length, 1);
    assert.deepEqual(socks.targets, ['id.jottacloud.com:443', 'api.jottacloud.com:443', 'jfs.jottacloud.com:443']);
  });

  it('that is down means offline, and a change of the setting helps at once', async (test) => {
    const world = await createWorld(test);
    const proxy = await startProxy(test, world.emulator);
    const rig = await connect(test, world, { proxy: at(proxy.port) });
    rig.options = { ...rig.options, proxy: at(await closedPort()) };
    await assert.rejects(rig.client.fetchFolder(archive, never), of('offline'));
    rig.options = { ...rig.options, proxy: at(proxy.port) };
    assert.equal((await rig.client.fetchFolder(archive, never)).length, 1);
  });

  it('that wants a password is told apart, and gets it from its address or the header setting', async (test) => {
    const world = await createWorld(test);
    const authorization = `Basic ${Buffer.from('me:s3cret@').toString('base64')}`;
    const proxy = await startProxy(test, world.emulator, { authorization });
    await assert.rejects(connect(test, world, { proxy: at(proxy.port) }), of('proxy'));
    const inAddress = await connect(test, world, { proxy: at(proxy.port, 'me:s3cret%40@') });
    await inAddress.client.fetchFolder(archive, never);
    const inHeader = await connect(test, world, { proxy: at(proxy.port), proxyAuthorization: authorization });
    await inHeader.client.fetchFolder(archive, never);
    const text = [...inAddress.lines, ...inHeader.lines].join('');
    assert.match(text, /proxy/);
    assert.doesNotMatch(text, /s3cret|bWU6czNjcmV0/);
  });

  it('that says no is not taken for the service saying no', async (test) => {
    const world = await createWorld(test);
    for (const [status, kind] of [
      [404, 'proxy'],
      [403, 'proxy'],
      [401, 'proxy'],
      [204, 'offline'],
      [502, 'offline'],
    ] as const) {
      const proxy = await startProxy(test, world.emulator, { refuse: status });
      await assert.rejects(connect(test, world, { proxy: at(proxy.port) }), of(kind), String(status));
    }
  });

  it('that never answers is a timeout', async (test) => {
    const world = await createWorld(test);
    const proxy = await startProxy(test, world.emulator, { silent: true });
    await assert.rejects(connect(test, world, { proxy: at(proxy.port) }, {}, { firstByteMs: 100 }), of('timeout'));
  });

  it('whose address cannot be read is an error, not a reason to go without', async (test) => {
    const world = await createWorld(test);
    for (const proxy of ['http://', 'quic://127.0.0.1:1', 'not an address']) {
      await assert.rejects(connect(test, world, { proxy }), of('proxy'), proxy);
    }
  });
});

describe('the drive', () => {
  it('tells the window what its proxy did, and goes by a new setting at once', async (test) => {
    const world = await createWorld(test);
    const refusing = await startProxy(test, world.emulator, { refuse: 407 });
    const proxy = await startProxy(test, world.emulator);
    const stateDir = await tempFolder(test);
    const keeper = new TokenKeeper(silentLog);
    keeper.addWindow(async () => {});
    const cacheDir = join(stateDir, 'cache');
    const drive = new Drive({
      stateDir,
      cacheDir,
      endpoint: undefined,
      env: {},
      keeper,
      onDamage: assert.ifError,
      log: silentLog,
    });
    atEnd(test, () => drive.close(false, never));
    const through = (port: number, strictSsl: boolean) =>
      drive.setOptions({
        ...drive.options,
        network: { ...defaultNetworkOptions, systemCertificates: false, proxy: at(port), strictSsl },
      });
    const codeOfSignIn = async () => {
      try {
        await drive.sessions.signIn(realLoginToken(world.emulator));
        return 'in';
      } catch (error) {
        return toDriveErrorData(error).code;
      }
    };
    through(refusing.port, true);
    assert.equal(await codeOfSignIn(), 'proxyRefused');
    through(proxy.port, true);
    assert.equal(await codeOfSignIn(), 'certificateUntrusted');
    through(proxy.port, false);
    assert.equal(await codeOfSignIn(), 'in');
    assert.equal(drive.getState().account?.username, world.emulator.user);
  });
});

describe('trust', () => {
  const run = promisify(execFile);

  /** What a process with this environment and these settings gets to see of the archive. */
  async function probe(world: World, proxyPort: number, env: Record<string, string>, options: Partial<NetworkOptions>) {
    const script = join(import.meta.dirname, 'networkProbe.ts');
    const job = JSON.stringify({ loginToken: realLoginToken(world.emulator), options });
    const { stdout, stderr } = await run(process.execPath, [script], {
      env: { HTTPS_PROXY: at(proxyPort), SSL_CERT_DIR: join(world.folder, 'none'), ...env, PROBE: job },
    });
    return { answer: JSON.parse(stdout) as { names?: string[]; kind?: JottaErrorKind }, log: stderr };
  }

  it('extends to the store of the operating system and to NODE_EXTRA_CA_CERTS, and no further', async (test) => {
    const world = await createWorld(test);
    const { port } = await startProxy(test, world.emulator);
    const ca = join(world.folder, 'ca.pem');
    const nothing = join(world.folder, 'leaf.key');
    const seen = { names: ['seen.txt'] };
    const refused = { kind: 'certificate' };
    // Elsewhere the store is no file that a test could choose.
    const inStore = process.platform === 'linux' ? seen : refused;
    for (const [env, options, expected] of [
      [{ SSL_CERT_FILE: ca }, {}, inStore],
      [{ SSL_CERT_FILE: ca }, { systemCertificates: false }, refused],
      [{ SSL_CERT_FILE: nothing, NODE_EXTRA_CA_CERTS: ca }, {}, seen],
      [{ SSL_CERT_FILE: nothing, NODE_EXTRA_CA_CERTS: ca }, { systemCertificates: false }, seen],
      [{ SSL_CERT_FILE: nothing }, {}, refused],
      [{ SSL_CERT_FILE: nothing }, { strictSsl: false }, seen],
    ] as const) {
      const { answer, log } = await probe(world, port, env, options);
      assert.deepEqual(answer, expected, `${JSON.stringify([env, options])} ${log}`);
    }
  });
});
