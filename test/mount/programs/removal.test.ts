import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { until } from '../../support/until.ts';

import { recordChanges } from './changes.ts';
import { openStage, type Stage } from './support.ts';

const commands = ['rm -rf "$TREE"', 'find "$TREE" -delete'];
const files = 300;

describe('a program that removes a tree of the server name by name', () => {
  let stage: Stage;
  before(async () => {
    // Longer than the program takes on a busy machine; the real settle time is as long as that on a person's own.
    stage = await openStage({ settleMs: 4_000 });
    for (const [tree] of commands.entries()) {
      for (let file = 0; file < files; file += 1) {
        const path = `/Jotta/Archive/tree ${tree}/folder ${file % 20}/deeper/file ${file}`;
        await stage.world.emulator.put(path, `content ${file}`);
      }
    }
  });
  after(() => stage.close());

  describe('side by side', { concurrency: true }, () => {
    for (const [index, command] of commands.entries()) {
      it(`costs one request: ${command}`, async () => {
        const tree = `tree ${index}`;
        const path = `/Jotta/Archive/${tree}`;
        const { emulator } = stage.world;
        assert.equal(await stage.sh('find "$TREE" -type f | wc -l', { env: { TREE: tree } }), `${files}\n`);
        const changes = recordChanges(stage);
        await stage.sh(command, { env: { TREE: tree } });
        await until('it is gone from the server', () => !emulator.tree().some((item) => item.path.startsWith(path)));
        const about = changes().filter(({ target }) => target.includes(path));
        assert.deepEqual(about, [{ kind: 'dlDir', target: `/jfs/${emulator.user}${path}?dlDir=true` }]);
      });
    }
  });

  it('leaves nothing behind', () => stage.finish());
});
