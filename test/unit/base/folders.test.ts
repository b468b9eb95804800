import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { makeFolders, makeFoldersSync } from '../../../src/base/folders.ts';

const source = new URL('../../../src/base/folders.ts', import.meta.url).href;
/** Of a process that needs a fraction of a second, ms. */
const longEnough = 20_000;

describe('folders that are made with those above them', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'jottacloud-folders-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('are private, and the topmost new one is told', async () => {
    const deep = join(dir, 'a/b/c');
    assert.equal(await makeFolders(deep), join(dir, 'a'));
    assert.equal(await makeFolders(deep), undefined);
    makeFoldersSync(join(deep, 'd/e'));
    makeFoldersSync(join(deep, 'd/e'));
    for (const path of ['a', 'a/b/c', 'a/b/c/d', 'a/b/c/d/e']) {
      assert.equal((await stat(join(dir, path))).mode & 0o777, 0o700, path);
    }
  });

  it('are refused below a file and below a link that leads nowhere', async () => {
    await writeFile(join(dir, 'file'), '');
    await symlink('nowhere', join(dir, 'link'));
    for (const [below, code] of [
      ['file', 'ENOTDIR'],
      ['link', 'ENOENT'],
    ] as const) {
      await assert.rejects(makeFolders(join(dir, below, 'a/b')), { code });
      assert.throws(() => makeFoldersSync(join(dir, below, 'a/b')), { code });
    }
  });

  it('are refused at once where the system says that there is no such folder to whatever is to be made', () => {
    for (const call of ['await made.makeFolders', 'made.makeFoldersSync']) {
      const script = `const made = await import('${source}'); ${call}('/proc/nowhere/a/b');`;
      const args = ['--input-type=module', '-e', script];
      // Only the end of its process stops one that tries for ever.
      const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: longEnough });
      assert.equal(status, 1, call);
      assert.match(stderr, /mkdir '\/proc/);
    }
  });
});
