import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openStage, replay, type Stage, type Step } from './support.ts';

/** The step that fails, with the operation that the log is to name and the path as the volume knows it. */
interface Expected {
  readonly step: Step;
  readonly operations: readonly string[];
  readonly path: string;
}

describe('a program that is told EIO', () => {
  let stage: Stage;
  /** A folder of the drive's state, wherever in it. */
  async function findState(name: string): Promise<string> {
    const state = join(stage.world.dir, 'state');
    const entries = await readdir(state, { recursive: true, withFileTypes: true });
    const found = entries.find((entry) => entry.isDirectory() && entry.name === name);
    assert.ok(found !== undefined, `there is a folder ${name}`);
    return join(found.parentPath, found.name);
  }

  before(async () => {
    stage = await openStage();
    for (const name of ['rotten', 'rotten too', 'damaged'])
      await stage.world.emulator.put(`/Jotta/Archive/${name}`, `content of ${name}`);
    await stage.sh('ls');
  });
  after(() => stage.close());

  /** Makes the calls; each answers EIO, and each has a new line in the log with operation, path and cause. */
  async function assertLogged(expected: readonly Expected[]): Promise<void> {
    for (const { step, operations, path } of expected) {
      const from = stage.drive().log().length;
      assert.deepEqual(await replay(stage, [step]), ['EIO'], `${step.join(' ')} fails`);
      const lines = stage.drive().log().slice(from).split('\n');
      const line = lines.find((text) => text.includes(' ERROR ') && text.includes(` path=${path} `));
      assert.ok(line !== undefined, `a line about ${path} in:\n${lines.join('\n')}`);
      const operation = / operation=(\w+) /.exec(line)?.[1] ?? '';
      assert.ok(operations.includes(operation), `${operation} is one of ${operations.join()}: ${line}`);
      assert.match(line, / error=.+ <- .+/, 'the cause is named');
    }
  }

  it('by bytes that arrive damaged, every time: the read is logged', async () => {
    stage.world.emulator.setFaults([
      { match: { kind: 'download', pathIncludes: 'rotten' }, action: { type: 'corrupt' } },
    ]);
    await assertLogged([
      { step: ['read', 'rotten'], operations: ['read'], path: '/rotten' },
      { step: ['read', 'rotten too'], operations: ['read'], path: '/rotten too' },
      { step: ['read', 'rotten'], operations: ['read'], path: '/rotten' },
    ]);
    stage.world.emulator.setFaults([]);
    assert.deepEqual(await replay(stage, [['read', 'rotten']]), ['content of rotten'], 'it works as soon as it can');
  });

  it('by a folder of unsent changes that cannot be used: what writes is logged, and works again when it is back', async () => {
    const staging = await findState('staging');
    await rename(staging, `${staging}.aside`);
    await writeFile(staging, 'not a folder');
    const writing = ['create', 'open', 'write', 'truncate'];
    await assertLogged([
      { step: ['create', 'new', 'x'], operations: writing, path: '/new' },
      { step: ['rewrite', 'damaged', 'x'], operations: writing, path: '/damaged' },
      { step: ['overwrite', 'rotten', 'x'], operations: writing, path: '/rotten' },
    ]);
    await rm(staging);
    await rename(`${staging}.aside`, staging);
    const steps: readonly Step[] = [
      ['rewrite', 'new', 'new content'],
      ['read', 'new'],
      ['read', 'rotten'],
    ];
    assert.deepEqual(await replay(stage, steps), [null, 'new content', 'content of rotten']);
  });

  it('never by a damaged cache: it is fetched anew; when that cannot be had either, the read is logged', async () => {
    await stage.sh('cat damaged > "$OUT"', { env: { OUT: join(stage.local, 'damaged') } });
    await stage.remount();
    const spoilt = await spoil(await findState('cache'));
    assert.ok(spoilt > 0, 'the cache holds something');
    stage.world.emulator.setFaults([
      { match: { kind: 'download', pathIncludes: 'damaged' }, action: { type: 'corrupt' } },
    ]);
    await assertLogged([{ step: ['read', 'damaged'], operations: ['read'], path: '/damaged' }]);
    stage.world.emulator.setFaults([]);
    assert.deepEqual(await replay(stage, [['read', 'damaged']]), ['content of damaged']);
  });

  it('never by a cache folder that cannot be used: reading and writing go on', async () => {
    await stage.remount();
    const cache = await findState('cache');
    await rm(cache, { recursive: true });
    await writeFile(cache, 'not a folder');
    const steps: readonly Step[] = [
      ['read', 'damaged'],
      ['rewrite', 'written', 'without a cache'],
      ['read', 'written'],
    ];
    assert.deepEqual(await replay(stage, steps), ['content of damaged', null, 'without a cache']);
    await rm(cache);
    await mkdir(cache);
  });
});

/** Flips the last byte of every file below `dir`; resolves with how many there were. */
async function spoil(dir: string): Promise<number> {
  const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  for (const { parentPath, name } of files) {
    const bytes = await readFile(join(parentPath, name));
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 0xff, bytes.length - 1);
    await writeFile(join(parentPath, name), bytes);
  }
  return files.length;
}
