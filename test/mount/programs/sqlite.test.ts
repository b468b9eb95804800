import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { recordChanges } from './changes.ts';
import { assertSame, openStage, type Stage } from './support.ts';

/** Transactions that a writer has reported as committed before it is killed. */
const acknowledged = 30;

describe('sqlite3 on the volume', () => {
  let stage: Stage;
  const sqlite = (file: string, sql: string) => stage.sh(`sqlite3 -bail -batch ${file}`, { input: sql });

  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  /** Shell lines for a process that commits `count` rows one by one. */
  const writer = (file: string, who: string, count: number) =>
    `for i in $(seq ${count}); do echo "insert into log values ('${who}', $i);"; done | sqlite3 -bail -cmd '.timeout 60000' ${file}`;

  for (const mode of ['delete', 'truncate', 'wal']) {
    it(`keeps the rows of two processes that write at once, with journal_mode=${mode}`, async () => {
      const file = `two-${mode}.db`;
      assert.equal(await sqlite(file, `pragma journal_mode=${mode}; create table log(who, n);`), `${mode}\n`);
      await stage.sh(`${writer(file, 'a', 40)} & a=$!\n${writer(file, 'b', 40)} & b=$!\nwait $a; wait $b`);
      const asked = 'pragma integrity_check; select who, count(*), sum(n) from log group by who;';
      assert.equal(await sqlite(file, asked), 'ok\na|40|820\nb|40|820\n');
    });

    it(`loses no committed row when the writer is killed, with journal_mode=${mode}`, async () => {
      const file = `killed-${mode}.db`;
      await sqlite(file, `pragma journal_mode=${mode}; create table log(n integer primary key, filler);`);
      const child = stage.start('sqlite3', ['-bail', '-batch', file]);
      const ended = once(child, 'exit');
      assert.ok(child.stdin !== null && child.stdout !== null);
      child.stdin.on('error', () => undefined);
      let statement = 0;
      const next = () => {
        statement += 1;
        child.stdin?.write(`insert into log values (${statement}, zeroblob(20000)); select ${statement};\n`);
      };
      let committed = 0;
      // Two statements ahead: the kill falls into a transaction, not between two.
      for (let ahead = 0; ahead < 3; ahead += 1) next();
      for await (const line of createInterface({ input: child.stdout })) {
        committed = Number(line);
        if (committed === acknowledged) child.kill('SIGKILL');
        else next();
      }
      await ended;
      assert.ok(committed >= acknowledged);
      const [verdict, count] = (await sqlite(file, 'pragma integrity_check; select count(*) from log;')).split('\n');
      assert.equal(verdict, 'ok');
      assert.ok(Number(count) >= committed, `${count} rows of ${committed}`);
    });
  }

  it('is sent a few times, not at every commit, and what arrives is a sound database', async () => {
    await sqlite('one.db', 'create table t(n);');
    await assertSame(stage);
    const changes = recordChanges(stage);
    await sqlite('one.db', Array.from({ length: 60 }, (_, n) => `insert into t values (${n});`).join('\n'));
    await assertSame(stage);
    const sent = changes().filter(({ kind }) => kind === 'allocate');
    assert.ok(sent.length <= 10, `${sent.length} uploads for 60 commits`);
    assert.deepEqual(
      sent.filter(({ target }) => !target.endsWith('/one.db')),
      [],
      'no journal is sent between commits',
    );
    const copy = join(stage.local, 'one.db');
    await stage.world.rclone('copyto', 'remote:one.db', copy);
    assert.equal(await sqlite(copy, 'pragma integrity_check; select count(*) from t;'), 'ok\n60\n');
  });

  it('shrinks with vacuum, and is the same after a remount', async () => {
    await sqlite('killed-delete.db', 'delete from log where n > 3; vacuum;');
    await stage.remount();
    assert.equal(await sqlite('killed-delete.db', 'pragma integrity_check; select count(*) from log;'), 'ok\n3\n');
    const size = await stage.sh('stat -c %s killed-delete.db');
    assert.ok(Number(size) < 200_000, `${size} bytes`);
    await stage.finish();
  });
});
