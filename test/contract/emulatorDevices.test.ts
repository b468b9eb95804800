import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shapeOf, signedIn } from './emulatorSupport.ts';

describe('emulator: devices, views and links (§2.3, §2.10, §5)', { timeout: 60_000 }, () => {
  it('makes devices and mountpoints, and takes them away', async (test) => {
    const { client } = await signedIn(test);
    const head =
      '<device …><name>Desk</name><display_name>Desk</display_name><type>IMAC</type><sid>U</sid><size>0</size><modified>T</modified><user>u0emulator</user></device>';
    const made = await client.post('/Desk', '?type=IMAC');
    assert.deepEqual([made.status, shapeOf(made.text)], [201, head]);
    assert.equal((await client.post('/Desk', '?type=IMAC')).status, 201, 'though it exists');
    const pictures =
      '<mountPoint …><name>Pictures</name><path>/u0emulator/Desk</path><abspath>/u0emulator/Desk</abspath>' +
      '<size>0</size><modified></modified><device>Desk</device><user>u0emulator</user></mountPoint>';
    for (const status of [201, 200]) {
      const answer = await client.post('/Desk/Pictures', '');
      assert.deepEqual([answer.status, shapeOf(answer.text)], [status, pictures]);
    }
    assert.equal((await client.post('/Desk/Music/Jazz', '?mkDir=true')).status, 200);
    assert.match((await client.get('/Desk')).text, /num_mountpoints="2"/);
    assert.equal(shapeOf((await client.post('/Desk/Pictures', '?rm=true')).text), head);
    assert.match((await client.get('/Desk')).text, /num_mountpoints="1"/);
    assert.doesNotMatch((await client.post('/Desk', '?rm=true')).text, /Desk/);
    assert.equal((await client.get('/Desk')).status, 404);
    assert.equal((await client.post('/Jotta', '?rm=true')).status, 404, 'the built-in device stays');
    assert.equal((await client.post('/Nowhere/Music', '')).status, 404);
  });

  it('brings a trashed mountpoint back when it is made again', async (test) => {
    const { emulator, client } = await signedIn(test);
    await client.post('/Laptop/Documents', '?dl=true');
    assert.deepEqual(emulator.tree(), []);
    assert.equal((await client.post('/Laptop/Documents', '')).status, 200);
    assert.doesNotMatch((await client.get('/Laptop')).text, /<deleted>/);
  });

  it('has the latest files of every device in one view', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/d/f.txt', 'x');
    const latest = await client.get('/Jotta/Latest', '?sort=updated&max=2&web=true');
    assert.match(
      shapeOf(latest.text),
      /^<searchresult …><files><file name="[^"]+" uuid="U"><path>[^<]+<\/path><abspath>[^<]+<\/abspath><currentRevision>/,
    );
    assert.equal(latest.text.match(/<file /g)?.length, 2);
    assert.equal((await client.get('/Jotta/Latest')).text.match(/<file /g)?.length, 3);
  });

  it('shares by a GET, shows the links, and serves them to anyone', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/shared.txt', 'hello');
    const path = '/Jotta/Archive/shared.txt';
    const links = async () => shapeOf((await client.get('/Jotta/Links')).text);
    assert.equal(await links(), '<searchresult …></searchresult>');
    const { text } = await client.get(path, '?mode=enableShare');
    const uri = /<publicURI>([0-9a-f]{32})<\/publicURI><publicSharePath>\/s\/\1</.exec(text)?.[1];
    assert.ok(uri);
    assert.equal((await client.get(path, '?mode=enableShare')).text.includes(uri), true, 'once shared, the same link');
    assert.match(
      await links(),
      /<file name="shared.txt" uuid="U"><path>[^<]+<\/path><abspath>[^<]+<\/abspath><publicURI>X</,
    );
    const direct = `${emulator.url}/opin/io/downloadPublic/${emulator.user}/${uri}`;
    assert.equal(await (await fetch(direct)).text(), 'hello');
    assert.match(await (await fetch(`${emulator.url}/s/${uri}`)).text(), /<title>shared.txt</);
    for (let at = 0; at < 2; at++) {
      assert.doesNotMatch((await client.get(path, '?mode=disableShare')).text, /publicURI/);
    }
    assert.equal((await fetch(direct)).status, 404);
    assert.equal((await client.get('/Jotta/Archive/none', '?mode=enableShare')).status, 404);
  });

  it('keeps a trashed file among the links', async (test) => {
    const { emulator, client } = await signedIn(test);
    await emulator.put('/Jotta/Archive/f', 'x');
    await client.get('/Jotta/Archive/f', '?mode=enableShare');
    emulator.remove('/Jotta/Archive/f');
    assert.match((await client.get('/Jotta/Links')).text, /<file name="f" uuid="[^"]+" deleted=/);
  });
});
