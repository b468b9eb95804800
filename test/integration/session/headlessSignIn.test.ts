import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { it, type TestContext } from 'node:test';
import { createBrowserLogin } from '../../../src/drive/headless/browserLogin.ts';
import { signIn } from '../../../src/drive/headless/signIn.ts';
import { TokenFile } from '../../../src/drive/headless/tokenFile.ts';
import { JottacloudClient } from '../../../src/jottacloud/client.ts';
import { createEndpoints } from '../../../src/jottacloud/urls.ts';
import { answerSignInPage } from '../../contract/signInPage.ts';
import { emulatorFor } from '../../support/emulation.ts';

/** Signs in as `npm run mount -- --sign-in` does, on one state folder, however often. */
async function openTerminal(test: TestContext) {
  const emulator = await emulatorFor(test);
  const dir = await mkdtemp(join(tmpdir(), 'jottacloud-headless-'));
  test.after(() => rm(dir, { recursive: true, force: true }));
  const service = { endpoints: createEndpoints(emulator.url), userAgent: 'test' };
  const run = async (
    person: (address: string, input: PassThrough) => Promise<void>,
    signal = AbortSignal.timeout(20_000),
  ) => {
    const file = new TokenFile(join(dir, 'tokens.json'));
    const input = new PassThrough();
    const said: string[] = [];
    const acts: Promise<void>[] = [];
    const say = (line: string) => {
      said.push(line);
      const address = /^sign in at (.*)$/.exec(line)?.[1];
      if (address !== undefined) acts.push(person(address, input));
    };
    const login = createBrowserLogin('telia_se', { endpoint: emulator.url, service, say, input });
    const createClient = (tokens: ConstructorParameters<typeof JottacloudClient>[0]['tokens']) =>
      new JottacloudClient({ ...service, tokens, vault: file });
    try {
      const client = await signIn(login, { file, service, createClient }, signal);
      test.after(() => client.close());
      return { client, said };
    } finally {
      await Promise.all(acts);
    }
  };
  return { emulator, run };
}

it('a terminal prints the address of the page, and the browser that comes back signs it in', async (test) => {
  const { emulator, run } = await openTerminal(test);
  const { client } = await run(async (address) => {
    const landed = await fetch(await answerSignInPage(address, 'sign-in'));
    assert.equal(landed.status, 200);
  });
  assert.equal(client.username, emulator.user);
});

it('a terminal takes the address of the last page, says when it is another one, and needs no second sign-in', async (test) => {
  const { emulator, run } = await openTerminal(test);
  const { said } = await run(async (address, input) => {
    input.write('https://www.jottacloud.com/\n');
    input.write(`${await answerSignInPage(address, 'sign-in')}\n`);
  });
  assert.ok(said.includes('This is not the address of the last page of this sign-in.'));
  const again = await run(() => assert.fail('asked again'));
  assert.deepEqual(again.said, []);

  emulator.revoke({ access: true });
  let asked = 0;
  await run(async (address) => {
    asked += 1;
    await fetch(await answerSignInPage(address, 'sign-in'));
  });
  assert.equal(asked, 1, 'tokens that are refused are replaced');
});

it('a terminal that is ended while it waits signs nobody in', async (test) => {
  const { run } = await openTerminal(test);
  const stop = new AbortController();
  await assert.rejects(
    run(async () => stop.abort(), stop.signal),
    { code: 'signInEnded' },
  );
});
