import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertSame, openStage, type Stage } from './support.ts';

describe('rsync to and from the volume', () => {
  let stage: Stage;
  let source: string;
  const volume = 'copy/';
  /** What rsync would still have to do; nothing when both sides are the same to it, times and modes included. */
  const differences = (flags: string, from: string, to: string) =>
    stage.sh(`rsync --dry-run --itemize-changes ${flags} '${from}/' '${to}/'`);
  const listing = (dir: string) =>
    stage.sh(`find . -printf '%P %y %m %T@ %l\\n' | sort; find . -type f -print0 | sort -z | xargs -0 md5sum`, {
      cwd: dir,
    });

  before(async () => {
    stage = await openStage();
    source = join(stage.local, 'source');
    await stage.sh(
      `
      mkdir -p source/{docs,'folder with spaces',empty}; cd source
      for i in $(seq 40); do head -c $((i * 997)) /dev/zero | tr '\\0' "$((i % 10))" > "docs/file-$i.txt"; done
      head -c 3000000 /dev/urandom > 'folder with spaces/blåbær.bin'
      printf '#!/bin/sh\\n' > run.sh; chmod 755 run.sh; chmod 600 docs/file-1.txt; : > empty-file
      ln -s docs/file-2.txt link; ln -s 'folder with spaces' folder-link
      touch -d '2019-05-06T07:08:09.123456789Z' docs/file-3.txt; touch -h -d '2003-04-05T06:07:08Z' link folder-link
      touch -d '2001-02-03T04:05:06Z' empty docs 'folder with spaces' .
      `,
      { cwd: stage.local },
    );
  });
  after(() => stage.close());

  it('copies a tree in with modes, times and links; a second run has nothing to do', async () => {
    await stage.sh(`rsync -a --checksum '${source}/' ${volume}`);
    assert.equal(await differences('-a --checksum', source, volume), '');
    assert.equal(await listing(join(stage.mount, volume)), await listing(source));
    await assertSame(stage);
    assert.equal(await differences('-a', source, volume), '', 'the upload changes no time');
  });

  it('copies it out again after a remount, equal to the source', async () => {
    await stage.remount();
    const back = join(stage.local, 'back');
    await stage.sh(`rsync -a --checksum ${volume} '${back}/'`);
    assert.equal(await listing(back), await listing(source));
    assert.equal(await differences('-a --checksum', volume, back), '');
  });

  it('sends what changed and removes what is gone with --delete', async () => {
    await stage.sh(
      `rm -r docs/file-1*; echo more >> run.sh; mv 'folder with spaces' renamed; ln -sfn renamed folder-link`,
      {
        cwd: source,
      },
    );
    await stage.sh(`rsync -a --delete '${source}/' ${volume}`);
    assert.equal(await differences('-a --delete --checksum', source, volume), '');
    await assertSame(stage);
  });

  it('sends the changed part of a file in place, and appends', async () => {
    const file = 'renamed/blåbær.bin';
    await stage.sh(`printf changed | dd of='${file}' bs=1 seek=1500000 conv=notrunc status=none`, { cwd: source });
    await stage.sh(`rsync -a --inplace --no-whole-file '${source}/' ${volume}`);
    await stage.sh(`head -c 100000 /dev/urandom >> '${file}'`, { cwd: source });
    await stage.sh(`rsync -a --append '${source}/' ${volume}`);
    assert.equal(await differences('-a --checksum', source, volume), '');
    await assertSame(stage);
  });

  it('carries extended attributes with -X, in and out', async () => {
    await stage.sh(
      `setfattr -n user.comment -v 'a note' run.sh; setfattr -n user.binary -v 0x00ff10 docs; setfattr -n user.empty -v '' empty-file`,
      { cwd: source },
    );
    await stage.sh(`rsync -aX '${source}/' ${volume}`);
    const attributes = (dir: string) => stage.sh('getfattr -d -R -h -e hex . | sort', { cwd: dir });
    const expected = await attributes(source);
    assert.match(expected, /user\.comment=0x61206e6f7465/);
    assert.equal(await attributes(join(stage.mount, volume)), expected);
    await stage.remount();
    const back = join(stage.local, 'back with attributes');
    await stage.sh(`rsync -aX ${volume} '${back}/'`);
    assert.equal(await attributes(back), expected);
    assert.equal(await differences('-aX --checksum', source, volume), '');
    await stage.finish();
  });
});
