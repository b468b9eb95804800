import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { silentLog } from '../../../src/base/log.ts';
import { ContentStore } from '../../../src/content/contentStore.ts';
import { cacheLimits } from '../../../src/content/limits.ts';
import { blockSums } from '../../support/blockSums.ts';

const { blockBytes } = cacheLimits;

let dir: string;
const md5 = 'a'.repeat(32);
const block = Buffer.alloc(1000, 7);
/** What such a block takes of the disk. */
const unit = 4096;
const open = (maxBytes = 1_000_000) => ContentStore.open(join(dir, 'c'), { maxBytes, minFreeBytes: 0 }, silentLog);
/** Undefined where the store has no sound block. */
async function readBlock(
  store: ContentStore,
  content: string,
  index: number,
  size: number,
): Promise<Buffer | undefined> {
  const bytes = Buffer.alloc(Math.min(blockBytes, size - index * blockBytes));
  return (await store.tryReadBlock(content, index, size, bytes)) ? bytes : undefined;
}
const blockPath = (index: number) => join(dir, 'c', 'aa', `${md5}.${index}`);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'store-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the content store', () => {
  it('keeps its budget, oldest out first', async () => {
    const store = await open(3 * unit);
    for (let index = 0; index < 5; index += 1) await store.keepBlock(md5, index, block);
    assert.ok(store.usedBytes <= 3 * unit);
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((index) => store.hasBlock(md5, index)),
      [false, false, true, true, true],
    );
  });

  it('keeps its budget when blocks arrive side by side', async () => {
    const store = await open(3 * unit);
    await Promise.all(Array.from({ length: 10 }, (_, index) => store.keepBlock(md5, index, block)));
    assert.ok(store.usedBytes <= 3 * unit, `${store.usedBytes} bytes`);
  });

  it('counts what its files take of the disk', async () => {
    const store = await open();
    await store.keepBlock(md5, 0, block);
    const { blocks = 0 } = statSync(blockPath(0));
    assert.equal(store.usedBytes, blocks * 512);
  });

  it('gives way to what others put on the disk', async () => {
    const store = await open();
    await store.keepBlock(md5, 0, block);
    await store.keepFloor();
    assert.equal(store.hasBlock(md5, 0), true);
    store.setBudget({ maxBytes: 1_000_000, minFreeBytes: Number.MAX_SAFE_INTEGER });
    await store.keepFloor();
    assert.equal(store.hasBlock(md5, 0), false);
  });

  it('goes on empty when its folder is deleted', async () => {
    const store = await open();
    for (let index = 0; index < 3; index += 1) await store.keepBlock(md5, index, block);
    rmSync(join(dir, 'c'), { recursive: true });
    assert.equal(await readBlock(store, md5, 0, 1000), undefined);
    await store.keepBlock(md5, 0, block);
    assert.deepEqual(await readBlock(store, md5, 0, 1000), block);
    await store.keepFloor();
    assert.equal(store.usedBytes, unit);
  });

  it('notices that its folder was deleted when an uploaded file is moved into it', async () => {
    const store = await open();
    await store.keepBlock(md5, 0, block);
    rmSync(join(dir, 'c'), { recursive: true });
    writeFileSync(join(dir, 'staged'), 'hello');
    await store.moveIntoCache(
      { md5: 'b'.repeat(32), blockSums: blockSums(Buffer.from('hello')) },
      5,
      join(dir, 'staged'),
    );
    await store.keepFloor();
    assert.equal(store.usedBytes, unit);
  });

  it('keeps a block that cannot be read for a while', async () => {
    const store = await open();
    await store.keepBlock(md5, 0, block);
    renameSync(blockPath(0), join(dir, 'aside'));
    mkdirSync(blockPath(0));
    assert.equal(await readBlock(store, md5, 0, 1000), undefined);
    rmdirSync(blockPath(0));
    renameSync(join(dir, 'aside'), blockPath(0));
    assert.deepEqual(await readBlock(store, md5, 0, 1000), block);
  });

  it('knows its blocks after a restart whatever else is in its folder', async () => {
    const store = await open();
    await store.keepBlock(md5, 0, block);
    const strange = ['strange/folder', `aa/${'a'.repeat(32)}.7`, 'aa/unfinished'];
    for (const path of strange) mkdirSync(join(dir, 'c', path), { recursive: true });
    writeFileSync(join(dir, 'c', 'strange', `${'a'.repeat(32)}.8`), 'elsewhere');
    const again = await open();
    assert.equal(again.usedBytes, unit);
    assert.equal(again.hasBlock(md5, 0), true);
  });

  it('counts an uploaded file and the blocks of the same content as pinned', async () => {
    const budget = { maxBytes: 2 * unit, minFreeBytes: 0 };
    const store = await ContentStore.open(join(dir, 'c'), budget, silentLog, { isPinned: (name) => name === md5 });
    await store.keepBlock(md5, 0, block);
    writeFileSync(join(dir, 'staged'), block);
    await store.moveIntoCache({ md5, blockSums: blockSums(block) }, block.length, join(dir, 'staged'));
    assert.deepEqual([store.usedBytes, store.evictableBytes], [2 * unit, 0]);
    store.drop(md5, block.length);
    assert.deepEqual([store.usedBytes, store.evictableBytes], [0, 0]);
  });

  it('takes a smaller budget at once', async () => {
    const store = await open();
    for (let index = 0; index < 5; index += 1) await store.keepBlock(md5, index, block);
    store.setBudget({ maxBytes: unit, minFreeBytes: 0 });
    assert.equal(store.usedBytes, unit);
  });

  it('treats a damaged or missing block as a miss, once', async () => {
    const store = await open();
    await store.keepBlock(md5, 0, block);
    assert.deepEqual(await readBlock(store, md5, 0, 1000), block);
    const bytes = readFileSync(blockPath(0));
    bytes[500] = 8;
    writeFileSync(blockPath(0), bytes);
    assert.equal(await readBlock(store, md5, 0, 1000), undefined);
    assert.equal(store.hasBlock(md5, 0), false);
  });

  for (const { what, harm } of [
    { what: 'has a flipped bit', harm: (bytes: Buffer) => bytes.fill(8, 600_000, 600_001) },
    { what: 'is full of zeros', harm: (bytes: Buffer) => bytes.fill(0) },
    { what: 'is cut short', harm: (bytes: Buffer) => bytes.subarray(0, 600_000) },
  ]) {
    it(`treats an uploaded file that ${what} as a miss`, async () => {
      const bytes = Buffer.alloc(1_000_000, 7);
      writeFileSync(join(dir, 'staged'), bytes);
      await (await open(2_000_000)).moveIntoCache(
        { md5, blockSums: blockSums(bytes) },
        bytes.length,
        join(dir, 'staged'),
      );
      const store = await open(2_000_000);
      assert.deepEqual(await readBlock(store, md5, 3, bytes.length), bytes.subarray(3 * blockBytes));
      const file = join(dir, 'c', 'aa', md5);
      writeFileSync(file, harm(readFileSync(file)));
      assert.equal((await readBlock(store, md5, 2, bytes.length))?.length, undefined);
      assert.equal(store.hasBlock(md5, 2), false);
    });
  }

  it('keeps an uploaded file that ends in a hole which its staging file is too short for', async () => {
    writeFileSync(join(dir, 'staged'), 'short');
    const store = await open();
    const whole = Buffer.alloc(1000);
    whole.write('short');
    await store.moveIntoCache({ md5, blockSums: blockSums(whole) }, 1000, join(dir, 'staged'));
    assert.deepEqual(await readBlock(store, md5, 0, 1000), whole);
  });

  it('knows its blocks and whole files after a restart and clears half-written ones', async () => {
    const store = await open();
    await store.keepBlock(md5, 0, block);
    const whole = 'b'.repeat(32);
    writeFileSync(join(dir, 'staged'), 'hello');
    await store.moveIntoCache({ md5: whole, blockSums: blockSums(Buffer.from('hello')) }, 5, join(dir, 'staged'));
    writeFileSync(join(dir, 'c', `${md5}.1.tmp1`), 'half');
    const again = await open();
    assert.equal(again.usedBytes, store.usedBytes);
    assert.deepEqual(await readBlock(again, md5, 0, 1000), block);
    assert.equal((await readBlock(again, whole, 0, 5))?.toString(), 'hello');
    assert.throws(() => readFileSync(join(dir, 'c', `${md5}.1.tmp1`)), /ENOENT/);
  });
});
