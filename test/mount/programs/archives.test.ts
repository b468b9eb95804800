import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertLikeLocal, assertSame, describeTree, openStage, type Stage } from './support.ts';

/** A tree with what archives have trouble with: modes, links, empty folders, odd names, times. */
const makeTree = `
  mkdir -p tree/{bin,docs/deep/deeper,empty}
  for i in $(seq 60); do printf 'text %s\\n' "$i" > "tree/docs/file $i.txt"; done
  seq 100000 > tree/docs/deep/deeper/numbers
  printf '#!/bin/sh\\necho ran\\n' > tree/bin/tool; chmod 755 tree/bin/tool; chmod 640 'tree/docs/file 1.txt'
  ln -s ../docs/deep tree/bin/shortcut; ln -s missing tree/dangling
  printf 'ø' > 'tree/docs/blåbær – ½.txt'
  touch -d '2015-01-02T03:04:05Z' tree/docs/deep/deeper/numbers
`;

describe('archives on the volume', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  it('packs and unpacks with tar: contents, modes, links and times', async () => {
    const output = await assertLikeLocal(
      stage,
      'tar',
      `
      ${makeTree}
      tar czf tree.tgz --sort=name --mtime=@0 tree; tar tzf tree.tgz | wc -l; gzip -t tree.tgz
      mkdir out; tar cf - tree | tar xpf - -C out
      diff -r --no-dereference tree out/tree; out/tree/bin/tool
      stat -c %y out/tree/docs/deep/deeper/numbers
      tar df <(tar cf - tree) --warning=no-timestamp
      rm tree.tgz
      `,
    );
    assert.match(output, /^\d+\nran\n2015-01-02 03:04:05\.000000000 \+0000\n$/);
    await assertSame(stage);
  });

  it('packs on the disk and unpacks on the volume, and the other way round', async () => {
    const [mounted, local] = [join(stage.mount, 'across'), join(stage.local, 'across')];
    await stage.sh(`mkdir -p '${local}' '${mounted}'; cd '${local}'; ${makeTree}`);
    await stage.sh(`tar czpf - -C '${local}' tree | tar xzpf - -C '${mounted}'`);
    assert.equal(await describeTree(stage, mounted), await describeTree(stage, local));
    await stage.sh(`mkdir '${local} back'; tar czpf - -C '${mounted}' tree | tar xzpf - -C '${local} back'`);
    assert.equal(await describeTree(stage, `${local} back`), await describeTree(stage, local));
  });

  it('packs and unpacks with zip, links kept', async () => {
    await assertLikeLocal(
      stage,
      'zip',
      `
      ${makeTree}
      zip -q -r --symlinks tree.zip tree; unzip -tq tree.zip
      mkdir out; unzip -q tree.zip -d out; diff -r --no-dereference tree out/tree; out/tree/bin/tool
      zip -q -d tree.zip 'tree/docs/*.txt'; unzip -l tree.zip | tail -1
      echo freshened > tree/docs/deep/deeper/numbers; zip -q -f tree.zip tree/docs/deep/deeper/numbers
      unzip -p tree.zip tree/docs/deep/deeper/numbers
      rm tree.zip
      `,
    );
    await stage.finish();
  });
});
