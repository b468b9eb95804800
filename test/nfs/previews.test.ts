import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { nfsLimits } from '../../src/volume/nfs/limits.ts';
import type { Readers } from '../../src/volume/nfs/readers.ts';
import { hintNames } from '../../src/volume/previews.ts';
import { nfsStatus } from './client.ts';
import { type NfsWorld, openNfsWorld } from './world.ts';

const filesPerFolder = 3 * nfsLimits.previewBudget;
const asHandle = (answer: Buffer | number): Buffer => {
  assert.ok(Buffer.isBuffer(answer), `NFS status ${answer}`);
  return answer;
};

/** Who reads the files of a folder, and what is known of that. */
interface Reading {
  readonly program: string;
  /** Another program that has the file at this index open as well. */
  readonly beside?: { readonly at: number; readonly program: string };
}

describe('a folder whose files are not here, read by NFS on a Mac', () => {
  let nfs: NfsWorld;
  let staysLocal: boolean;
  /** As lsof would tell; undefined: it fails. */
  let open: Map<number, Set<string>> | undefined;
  let hangs: boolean;
  let questions: number;
  let folders = 0;

  beforeEach(async () => {
    staysLocal = true;
    open = new Map();
    hangs = false;
    questions = 0;
    nfs = await openNfsWorld({
      previewsStayLocal: () => staysLocal,
      loadReaders: async (): Promise<Readers> => {
        questions += 1;
        if (hangs) return new Promise(() => {});
        if (open === undefined) throw new Error('no lsof');
        return open;
      },
    });
  });
  afterEach(() => nfs.close());

  /** Handles of the files of a new folder that another device has filled. */
  const findFolder = async (): Promise<Buffer[]> => {
    folders += 1;
    const name = `photos ${folders}`;
    for (let at = 0; at < filesPerFolder; at += 1) {
      await nfs.world.emulator.put(`/Jotta/Archive/${name}/${at}.jpg`, `photo ${at} of ${name}`);
    }
    await nfs.world.poll();
    const folder = asHandle(await nfs.client.lookup(nfs.archive, name));
    return Promise.all(
      Array.from({ length: filesPerFolder }, async (_, at) => asHandle(await nfs.client.lookup(folder, `${at}.jpg`))),
    );
  };

  /** Opens and reads one after another, as the programs of one computer do. Answers the index of each that was refused. */
  const readAll = async (files: readonly Buffer[], { program, beside }: Reading): Promise<number[]> => {
    const refused: number[] = [];
    for (const [at, file] of files.entries()) {
      const found = await nfs.client.getattr(file);
      assert.ok(typeof found === 'object');
      open?.set(Number(found.fileid), new Set(beside?.at === at ? [program, beside.program] : [program]));
      const answer = await nfs.client.read(file, 0, 1000);
      open?.delete(Number(found.fileid));
      if (answer === nfsStatus.acces) refused.push(at);
      else assert.match(String(asHandle(answer)), /^photo \d+ of /);
    }
    return refused;
  };

  it('is not downloaded for its icons: a few are served, the rest is refused at once, for good', async () => {
    const files = await findFolder();
    nfs.world.emulator.resetStats();
    const refused = await readAll(files, { program: 'com.apple.quicklook.ThumbnailsAgent' });
    const served = filesPerFolder - refused.length;
    assert.ok(served >= nfsLimits.previewBudget, `only ${served} were served`);
    assert.ok(served <= nfsLimits.previewBudget + 2, `${served} were served`);
    const downloads = nfs.world.emulator.requests().filter(({ url }) => url.includes('.jpg'));
    assert.equal(downloads.length, served);
  });

  it('is served to a program that reads what a daemon reads too, and to whoever comes next', async () => {
    const files = await findFolder();
    const at = filesPerFolder - 1;
    const refused = await readAll(files, { program: 'mdworker_shared', beside: { at, program: 'Preview' } });
    assert.ok(refused.length > 0 && !refused.includes(at), `refused: ${refused}`);
    assert.deepEqual(await readAll(files, { program: 'Preview' }), []);
  });

  it('is copied whole by any program, in the middle of a storm of previews too', async () => {
    const [shown, copied] = [await findFolder(), await findFolder()];
    await readAll(shown.slice(0, nfsLimits.previewBudget + 4), { program: 'mdworker' });
    assert.deepEqual(await readAll(copied, { program: 'cp' }), []);
    assert.notDeepEqual(await readAll(shown, { program: 'mdworker' }), [], 'the storm was over');
  });

  it('is served where nobody can tell who reads it', async () => {
    open = undefined;
    assert.deepEqual(await readAll(await findFolder(), { program: 'mdworker' }), []);
  });

  it('is served, after a moment, where lsof hangs in the middle of a storm', async () => {
    const files = await findFolder();
    const early = files.slice(0, nfsLimits.previewBudget + 4);
    assert.notDeepEqual(await readAll(early, { program: 'mdworker' }), []);
    hangs = true;
    assert.deepEqual(await readAll(files.slice(early.length), { program: 'mdworker' }), []);
  });

  it('is served to daemons where the setting allows it, and nobody is asked then', async () => {
    staysLocal = false;
    assert.deepEqual(await readAll(await findFolder(), { program: 'mdworker' }), []);
    assert.equal(questions, 0);
  });

  it('is served to daemons once it is here', async () => {
    const files = await findFolder();
    await readAll(files, { program: 'cp' });
    assert.deepEqual(await readAll(files, { program: 'mdworker' }), []);
  });
});

describe('the top of a volume that is served by NFS to a Mac', () => {
  let nfs: NfsWorld;
  let staysLocal = true;
  let top: Buffer;
  before(async () => {
    nfs = await openNfsWorld({ previewsStayLocal: () => staysLocal });
    top = asHandle(await nfs.client.mount(nfs.exportPath));
  });
  after(() => nfs.close());

  it('tells Spotlight and Quick Look to leave the volume alone, in empty files that no listing has', async () => {
    for (const name of hintNames) {
      const hint = asHandle(await nfs.client.lookup(top, name));
      const found = await nfs.client.getattr(hint);
      assert.ok(typeof found === 'object');
      assert.deepEqual([found.size, found.mode], [0, 0o444]);
      assert.equal(String(await nfs.client.read(hint, 0, 10)), '');
      assert.equal(await nfs.client.setattr(hint, { mode: 0o600 }), nfsStatus.noent);
      assert.equal(await nfs.client.lookup(nfs.archive, name), nfsStatus.noent);
    }
    const listed = (await nfs.client.list(top)).map(({ name }) => name);
    assert.deepEqual(
      listed.filter((name) => hintNames.includes(name)),
      [],
    );
  });

  it('does so no more once the setting allows previews to download', async () => {
    const hint = asHandle(await nfs.client.lookup(top, '.metadata_never_index'));
    staysLocal = false;
    assert.equal(await nfs.client.getattr(hint), nfsStatus.stale);
    assert.equal(await nfs.client.lookup(top, '.metadata_never_index'), nfsStatus.noent);
  });
});
