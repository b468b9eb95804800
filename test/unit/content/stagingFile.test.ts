import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { LocalFile } from '../../../src/base/localFile.ts';
import { silentLog } from '../../../src/base/log.ts';
import type { ContentRef } from '../../../src/content/blocks.ts';
import { Checksummer } from '../../../src/content/checksummer.ts';
import type { ContentReader } from '../../../src/content/contentReader.ts';
import { stepBytes } from '../../../src/content/extentFile.ts';
import { newReadahead } from '../../../src/content/readahead.ts';
import { StagingFile } from '../../../src/content/stagingFile.ts';
import { md5 } from '../../support/md5.ts';

let dir: string;
let handle: LocalFile;
const base = Buffer.from('The quick brown fox jumps over the lazy dog. '.repeat(3));
let beforeRead: () => Promise<void>;
let refused: ContentRef[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'staging-'));
  handle = new LocalFile(join(dir, 'f'), 'wx+');
  beforeRead = async () => {};
  refused = [];
});
afterEach(async () => {
  await handle.close();
  rmSync(dir, { recursive: true });
});

function stage(withBase: boolean): StagingFile {
  return stageOver(withBase ? base : Buffer.alloc(0), md5(base));
}

/** Over `content`, of which the server says that it has that md5. */
function stageOver(content: Buffer, promised: string): StagingFile {
  const reader = {
    read: async (_content: unknown, start: number, end: number) => {
      await beforeRead();
      return content.subarray(start, end);
    },
    refuse: (ref: ContentRef) => refused.push(ref),
  } as unknown as ContentReader;
  const size = content.length;
  const under = size === 0 ? null : { content: { md5: promised, size }, limit: size };
  return new StagingFile({ id: 'f', size, extents: [], base: under }, handle, reader);
}
const { signal } = new AbortController();
const checksummer = new Checksummer(silentLog);
const digest = async (file: StagingFile) => (await file.digest(checksummer, signal)).md5;
const readAll = (file: StagingFile) => file.read(0, 1e6, newReadahead());

describe('a staging file', () => {
  for (const withBase of [false, true]) {
    it(`is the bytes written ${withBase ? 'over a base' : 'from nothing'}, whatever the order`, async () => {
      let seed = 7;
      const random = (bound: number) => {
        seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
        return Math.floor((seed / 2 ** 32) * bound);
      };
      const file = stage(withBase);
      let model = withBase ? Buffer.from(base) : Buffer.alloc(0);
      const resize = (size: number) => Buffer.concat([model, Buffer.alloc(200)]).subarray(0, size);
      for (let step = 0; step < 300; step += 1) {
        if (random(8) === 0) {
          const size = random(180);
          await file.truncate(size);
          model = Buffer.from(resize(size));
        } else {
          const bytes = Buffer.alloc(1 + random(20), 65 + random(26));
          const at = random(3) === 0 ? model.length % 160 : random(160);
          await file.write(bytes, at);
          model = Buffer.from(resize(Math.max(model.length, at + bytes.length)));
          bytes.copy(model, at);
        }
        assert.equal(file.size, model.length);
        assert.deepEqual(await readAll(file), model, `step ${step}`);
        if (file.info.base === null) assert.equal(await digest(file), md5(model), `step ${step}`);
      }
      await file.fill(async () => {}, signal, true);
      assert.equal(file.info.base, null);
      assert.equal(await digest(file), md5(model));
    });
  }

  it('writes its bytes once more after the disk refused to keep them', async () => {
    const file = stage(true);
    await file.write(Buffer.from('one'), 3);
    await file.write(Buffer.from('two'), 20);
    const { datasync, write } = handle;
    handle.datasync = () => Promise.reject(Object.assign(new Error('the disk fails'), { code: 'EIO' }));
    await assert.rejects(file.sync(), { code: 'EIO' });
    handle.datasync = datasync;
    const written: [string, number][] = [];
    handle.write = ((...given: [Buffer, number, number, number]) => {
      const [bytes, offset, length, position] = given;
      written.push([String(bytes.subarray(offset, offset + length)), position]);
      return Reflect.apply(write, handle, given);
    }) as typeof handle.write;
    await file.sync();
    assert.deepEqual(written, [
      ['one', 3],
      ['two', 20],
    ]);
    await file.sync();
    assert.equal(written.length, 2, 'once');
  });

  it('is not filled from its base where the disk has no room', async () => {
    const file = stage(true);
    await file.write(Buffer.from('x'), 0);
    const full = Object.assign(new Error('no room'), { code: 'ENOSPC' });
    await assert.rejects(
      file.fill(() => Promise.reject(full), signal, true),
      full,
    );
    assert.equal(handle.length, 1);
  });

  it('loses what lies beyond its last extent without reading it', { timeout: 20_000 }, async () => {
    const file = stage(false);
    await file.write(Buffer.from('kept'), 0);
    await file.truncate(2 ** 40);
    await handle.write(Buffer.from('not told of'), 0, 11, 2 ** 39);
    await file.scrub();
    assert.equal(handle.length, 4);
    assert.deepEqual(await file.read(0, 8, newReadahead()), Buffer.from('kept\0\0\0\0'));
  });

  it('has the right digest after sequential writes, a rewrite and an empty start', async () => {
    const file = stage(false);
    assert.equal(await digest(file), md5(Buffer.alloc(0)));
    await file.write(Buffer.from('abc'), 0);
    await file.write(Buffer.from('def'), 3);
    assert.equal(await digest(file), md5(Buffer.from('abcdef')));
    await file.write(Buffer.from('X'), 1);
    assert.equal(await digest(file), md5(Buffer.from('aXcdef')));
    await file.truncate(0);
    await file.write(Buffer.from('z'), 0);
    assert.equal(await digest(file), md5(Buffer.from('z')));
  });

  describe('shows nothing of', () => {
    /** Grows the file over all that the disk may still hold. */
    const checkZeros = async (file: StagingFile, kept: string) => {
      await file.truncate(60);
      const expected = Buffer.concat([Buffer.from(kept), Buffer.alloc(60 - kept.length)]);
      assert.deepEqual(await readAll(file), expected);
      assert.equal(await digest(file), md5(expected));
    };
    const hole = 'kept\0\0\0\0\0\0\0\0\0\0\0\0end';

    it('bytes that were never flushed when it is opened again', async () => {
      const file = stage(false);
      await file.write(Buffer.from('kept'), 0);
      await file.write(Buffer.from('end'), 16);
      const { info } = file;
      await file.write(Buffer.from('in the hole'), 5);
      await file.write(Buffer.from('at the end'), 19);
      const again = new StagingFile(info, handle, {} as ContentReader);
      await again.scrub();
      await checkZeros(again, hole);
    });

    it('bytes over its base that were never flushed, when a hole is punched there', async () => {
      const file = stage(true);
      const { info } = file;
      await file.write(Buffer.from('never flushed'), 5);
      const again = new StagingFile(info, handle, { read: async () => base } as unknown as ContentReader);
      await again.scrub();
      await again.zero(0, base.length);
      assert.deepEqual(await readAll(again), Buffer.alloc(base.length));
    });

    it('the half of a write that failed', async () => {
      const file = stage(false);
      await file.write(Buffer.from('kept'), 0);
      await file.write(Buffer.from('end'), 16);
      const tooMuch = Buffer.from('too much');
      const write = handle.write.bind(handle);
      const writeHalf = async (bytes: Buffer, offset: number, length: number, position: number) => {
        if (bytes !== tooMuch) return write(bytes, offset, length, position);
        if (offset > 0) throw Object.assign(new Error('no room'), { code: 'ENOSPC' });
        return write(bytes, offset, length / 2, position);
      };
      handle.write = writeHalf as typeof handle.write;
      for (const position of [5, 19]) await assert.rejects(file.write(tooMuch, position), { code: 'ENOSPC' });
      await checkZeros(file, hole);
    });
  });

  it('is not made longer by a write of nothing', async () => {
    const file = stage(false);
    await file.write(Buffer.alloc(0), 50);
    assert.equal(file.size, 0);
  });

  it('counts as changed from the moment a write begins', async () => {
    const file = stage(false);
    const { generation } = file;
    const write = file.write(Buffer.from('a'), 0);
    const seen = file.generation;
    await write;
    assert.ok(seen > generation, 'an upload that ends now would take the file away under the write');
  });

  it('keeps what is written while its base is filled in', async () => {
    const file = stage(true);
    let write: Promise<void> | undefined;
    beforeRead = async () => {
      write ??= file.write(Buffer.from('NEW'), 4);
    };
    const filled = file.fill(async () => {}, signal, true);
    await filled;
    await write;
    assert.equal((await readAll(file)).subarray(0, 10).toString(), 'The NEWck ');
  });

  describe('filled from a base of several steps', () => {
    const large = randomBytes(3 * stepBytes + 7);
    const fill = (file: StagingFile) => file.fill(async () => {}, signal, true);

    /** Does `act` before the step of that number, from 0 on, is read. */
    function onStep(step: number, act: () => unknown): void {
      let at = 0;
      beforeRead = async () => {
        if (at === step) await act();
        at += 1;
      };
    }

    async function check(file: StagingFile, expected: Buffer): Promise<void> {
      assert.equal(file.info.base, null);
      assert.ok((await file.read(0, large.length * 2, newReadahead())).equals(expected));
      assert.equal(await digest(file), md5(expected));
    }

    for (const [what, change] of Object.entries<(file: StagingFile) => Promise<unknown>>({
      'written in part': (file) => file.write(Buffer.from('NEW'), stepBytes + 5),
      grown: (file) => file.write(Buffer.from('more'), large.length),
    })) {
      it(`keeps nothing of one that is not what its md5 says, where the file was ${what}`, async () => {
        const spoilt = Buffer.from(large);
        spoilt.write('spoilt', 2 * stepBytes);
        const bytes = [spoilt, large];
        const content = { md5: md5(large), size: large.length };
        const reader = {
          read: async (_: unknown, start: number, end: number) => (bytes[0] as Buffer).subarray(start, end),
          refuse: (ref: ContentRef) => refused.push(ref) && bytes.shift(),
        } as unknown as ContentReader;
        const info = { id: 'f', size: large.length, extents: [], base: { content, limit: large.length } };
        const file = new StagingFile(info, handle, reader);
        await change(file);
        const { info: before } = file;
        await assert.rejects(fill(file), /do not match their md5/);
        assert.deepEqual(refused, [content]);
        assert.deepEqual(file.info, before);
        const expected = await file.read(0, large.length * 2, newReadahead());
        await fill(file);
        await check(file, expected);
      });
    }

    it('does not read a base of which nothing shows', async () => {
      const file = stageOver(base, md5(base));
      await file.write(Buffer.alloc(base.length, 'n'), 0);
      beforeRead = () => Promise.reject(new Error('read'));
      await fill(file);
      await check(file, Buffer.alloc(base.length, 'n'));
    });

    it('goes on where it was stopped', async () => {
      const file = stageOver(large, md5(large));
      const stop = new AbortController();
      onStep(2, () => stop.abort());
      await assert.rejects(
        file.fill(async () => {}, stop.signal, true),
        { name: 'AbortError' },
      );
      let read = 0;
      beforeRead = async () => {
        read += 1;
      };
      await fill(file);
      assert.equal(read, 2);
      await check(file, large);
    });

    it('begins anew after a write of which only a part came to be', async () => {
      const file = stageOver(large, md5(large));
      const write = handle.write.bind(handle);
      const writeHalf = async (bytes: Buffer, offset: number, _length: number, position: number) => {
        handle.write = write as typeof handle.write;
        await write(bytes, offset, 3, position);
        throw Object.assign(new Error('no room'), { code: 'ENOSPC' });
      };
      onStep(2, async () => {
        handle.write = writeHalf as typeof handle.write;
        await assert.rejects(file.write(Buffer.from('failed'), 10), { code: 'ENOSPC' });
      });
      await fill(file);
      await check(file, large);
    });

    it('is another content that it came to share meanwhile', async () => {
      const other = randomBytes(large.length);
      const read = async (ref: ContentRef, start: number, end: number) => {
        await beforeRead();
        return (ref.md5 === md5(large) ? large : other).subarray(start, end);
      };
      const base = { content: { md5: md5(large), size: large.length }, limit: large.length };
      const info = { id: 'f', size: large.length, extents: [], base };
      const file = new StagingFile(info, handle, { read } as unknown as ContentReader);
      onStep(2, async () => {
        await file.truncate(0);
        assert.ok(await file.tryShare({ md5: md5(other), size: other.length }, 0, other.length));
      });
      await fill(file);
      await check(file, other);
    });

    it('reads what shows, and no more, where its end was cut off or it is not to be compared', async () => {
      for (const compares of [true, false]) {
        const file = stageOver(large, 'an md5 that it has not');
        await file.write(Buffer.alloc(stepBytes, 'n'), stepBytes);
        if (compares) await file.truncate(2 * stepBytes + 5);
        let read = 0;
        beforeRead = async () => {
          read += 1;
        };
        const expected = Buffer.from(large.subarray(0, file.size));
        expected.fill('n', stepBytes, 2 * stepBytes);
        await file.fill(async () => {}, signal, compares);
        assert.equal(read, compares ? 2 : 3);
        await check(file, expected);
      }
    });

    it('is compared after a copy that was not to be', async () => {
      const file = stageOver(large, 'an md5 that it has not');
      const stop = new AbortController();
      onStep(2, () => stop.abort());
      await assert.rejects(
        file.fill(async () => {}, stop.signal, false),
        { name: 'AbortError' },
      );
      await assert.rejects(fill(file), /do not match their md5/);
    });

    it('is empty, and then another, where it became so meanwhile', async () => {
      const file = stageOver(large, md5(large));
      onStep(1, async () => {
        await file.truncate(0);
        await file.write(Buffer.from('short'), 2);
      });
      await fill(file);
      await check(file, Buffer.from('\0\0short'));
    });
  });
});
