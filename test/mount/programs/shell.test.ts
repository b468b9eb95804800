import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { until } from '../../support/until.ts';
import { createWorld, run, type World } from '../support.ts';
import { assertLikeLocal, assertSame, openStage, type Stage } from './support.ts';

/** Scripts that say and leave the same on the volume as on the local disk. */
const scripts: readonly (readonly [name: string, script: string])[] = [
  [
    'cp -r, cp -a, cp --reflink=auto and cp --sparse=always',
    `
    mkdir -p a/b/c; seq 20000 > a/numbers; cp a/numbers a/b/c/again; : > a/empty; chmod 751 a/b
    cp -r a r; cp -a a archived; cp --reflink=auto a/numbers reflinked; cmp a/numbers reflinked
    truncate -s 3000000 holes; printf end >> holes; cp --sparse=always holes sparse; cmp holes sparse
    cp -u --preserve=all a/numbers reflinked; diff -r a archived; diff -r a r; cp -b a/numbers archived; ls archived
    rm archived/numbers~
    `,
  ],
  [
    'mv between folders, onto files, and to another disk and back',
    `
    mkdir -p x y; seq 1000 > x/one; seq 2000 > x/two; seq 3000 > y/one; chmod 700 x/two
    mv x/one y/one; mv -n x/two y/one; ls x y; mv x/two 'y/two too'; mv y y2; mv y2 x
    elsewhere=$(mktemp -d); touch -d '2012-03-04T05:06:07Z' x/y2/*
    mv x "$elsewhere/"; ls; mv "$elsewhere/x" back; stat -c '%n %a %y' back/y2/*
    rmdir "$elsewhere"
    `,
  ],
  [
    'dd with seek, skip and conv=notrunc; truncate; tail bytes',
    `
    seq 100000 > f; printf MIDDLE | dd of=f bs=1 seek=300000 conv=notrunc status=none
    dd if=f of=g bs=1000 skip=290 count=20 status=none; grep -c MIDDLE g
    printf far | dd of=h bs=1M seek=3 status=none; stat -c %s h; dd if=f of=h bs=64k conv=notrunc,fsync status=none
    truncate -s 100 g; truncate -s +50 g; truncate -s %64 g; stat -c %s g; od -An -tx1 -j 90 g | tail -3
    dd if=f of=odd bs=4095 oflag=sync status=none; cmp f odd; dd if=f bs=7777 iflag=fullblock status=none | cmp - f
    fallocate -l 5000 g; stat -c %s g; tail -c 11 f
    `,
  ],
  [
    'split and cat, sort -o onto its input, tee -a, comm and join',
    `
    seq 60000 > f; split -b 50000 f part.; cat part.* | cmp - f; ls part.* | wc -l; rm part.*
    split -n l/4 --numeric-suffixes f lines.; cat lines.* | cmp - f
    sort -r f > down; sort -n -o down down; cmp f down; sort -n -m lines.* | cmp - f
    echo last | tee -a f copy > /dev/null; tail -1 f; comm -13 down f; shuf --random-source=down f | sort -n | tail -1
    `,
  ],
  [
    'find -delete and rm -rf in a deep tree',
    `
    for i in 1 2 3 4 5; do mkdir -p "t/$i/deep/er"; seq $i > "t/$i/f"; seq $i > "t/$i/deep/er/g.log"; done
    chmod 444 t/1/f; find t -name '*.log' -newer t/1/f -delete; find t -name '*.log' | wc -l
    find t/3 -delete; find t -depth -type d -empty -delete; rm -rf t/1; find t | sort
    `,
  ],
  [
    'grep -r, wc, du of files, find by size and time, xargs',
    `
    mkdir -p s/t; for i in $(seq 30); do seq $i $((i * 10)) > "s/t/file $i"; done
    grep -r -l '^200$' s | sort; grep -rc 7 s | sort | tail -3; find s -type f -print0 | xargs -0 cat | wc
    du -b --apparent-size s/t/* | sort -n | tail -2; find s -type f -size +1k | wc -l
    touch -d yesterday 's/t/file 3'; find s -type f -mtime 0 | wc -l; find s -newermt '-1 hour' -type f | wc -l
    `,
  ],
  [
    'patch, diff and ed scripts',
    `
    seq 50 > a; sed 's/^2\\(.\\)$/two-\\1/' a > b; diff -u --label a --label b a b > change.patch || true; diff -e a b > script.ed || true
    cp a c; patch -s c change.patch; cmp b c; patch -s -R c change.patch; cmp a c
    (cat script.ed; echo w; echo q) | ed -s a; cmp a b; patch -s --backup --suffix=.orig c change.patch; ls
    `,
  ],
  [
    'make, which builds exactly what is older than its source',
    `
    printf 'all: a.out b.out sum.out\\n%%.out: %%.in\\n\\tcp $< $@\\nsum.out: a.out b.out\\n\\tcat $^ > $@\\n' > Makefile
    echo 1 > a.in; echo 2 > b.in; make; make; touch a.in; make; echo 3 > b.in; make -s; cat sum.out
    touch -d '1 hour ago' b.in; make -n b.out; make -q && echo 'nothing to do'
    `,
  ],
  [
    'a script with a shebang line, by path, by PATH and as a copy',
    `
    mkdir bin; printf '#!/usr/bin/env python3\\nimport sys\\nprint("ran", *sys.argv[1:])\\n' > bin/tool
    chmod +x bin/tool; ./bin/tool a b; PATH="$PWD/bin:$PATH" tool c; cp bin/tool copy; ./copy d
    install -m 755 bin/tool installed; ./installed e; chmod -x copy; test -x copy || echo 'not executable'
    `,
  ],
  [
    'python: memory maps, seek and truncate, buffered writes, shelve-like databases',
    `
    python3 - <<'END'
import mmap, os, tempfile
with open('mapped', 'wb') as f: f.truncate(1_000_000)
with open('mapped', 'r+b') as f, mmap.mmap(f.fileno(), 0) as m:
    m[999_990:] = b'0123456789'
    m[4096:4100] = b'page'
    m.flush()
    print(m.find(b'page'), f.seek(999_995), f.read())
with open('mapped', 'r+b') as f, mmap.mmap(f.fileno(), 0) as m:
    m.resize(2_000_000); m[1_999_999] = 33
with open('mapped', 'rb') as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as m: print(m[4096:4100], m[-1], len(m))
with open('log', 'a+') as f:
    for i in range(1000): f.write(f'line {i}\\n')
    f.seek(0); print(sum(1 for _ in f))
with tempfile.NamedTemporaryFile(dir='.', delete=False) as t: t.write(b'x' * 70_000)
os.replace(t.name, 'replaced')
fd = os.open('positions', os.O_RDWR | os.O_CREAT)
os.pwrite(fd, b'end', 500); os.pwritev(fd, [b'a', b'b'], 0); os.ftruncate(fd, 502); print(os.pread(fd, 600, 499)); os.close(fd)
with tempfile.TemporaryFile(dir='.') as t: t.write(b'gone'); t.seek(0); print(t.read())
END
    ls
    `,
  ],
  [
    'times, which writing moves and reading, syncing and closing do not',
    `
    python3 - <<'END'
import os, time
def wait():
    end = time.time_ns() + 20_000_000
    while time.time_ns() < end: pass
times = lambda stat: (stat.st_mtime_ns, stat.st_ctime_ns)
fd = os.open('timed', os.O_RDWR | os.O_CREAT)
created = times(os.fstat(fd)); wait(); os.write(fd, b'x')
written = times(os.fstat(fd)); wait(); os.fsync(fd)
synced = times(os.fstat(fd)); os.pread(fd, 1, 0); wait(); os.close(fd)
print(written > created, min(written) > max(created), synced == written, times(os.stat('timed')) == written)
os.chmod('timed', 0o600); after = times(os.stat('timed'))
print(after[0] == written[0], after[1] > written[1])
END
    `,
  ],
  [
    'files that are held open while they are renamed, replaced and removed',
    `
    seq 1000 > held; exec 3< held; mv held moved; head -c 5 <&3; rm moved; tail -1 <&3; exec 3<&-
    seq 5 > target; exec 4< target; seq 9 > other; mv other target; cat <&4; exec 4<&-; cat target
    exec 5> written; echo one >&5; mv written elsewhere; echo two >&5; exec 5>&-; cat elsewhere
    mkdir d; exec 6> d/inside; mv d e; echo through >&6; exec 6>&-; cat e/inside
    `,
  ],
];

describe('the programs of every day on the volume', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  for (const [index, [name, script]] of scripts.entries()) {
    it(name, async () => {
      await assertLikeLocal(stage, `case ${index}`, script);
    });
  }

  it('brings all of it to the server', () => assertSame(stage));

  it('copies within the volume, out of it and into it with cp, the same bytes each time', async () => {
    await stage.sh(`
      head -c 9000000 /dev/urandom > big; cp big big2; cp big '${stage.local}/big'; cp '${stage.local}/big' big3
      cmp big big2; cmp big big3
    `);
    await assertSame(stage);
  });

  it('refuses hard links in so many words', async () => {
    const answer = await stage.sh('touch a; ln a b 2>&1 || true; ls a b 2>&1 || true');
    assert.match(answer, /Operation not permitted/);
    assert.match(answer, /cannot access 'b'/);
    await assertSame(stage);
  });

  it('answers ENOTTY to an ioctl', async () => {
    const ask = 'import fcntl\nwith open("asked", "w") as f: fcntl.ioctl(f, 0x1234)';
    assert.match(await stage.sh(`python3 -c '${ask}' 2>&1 || true; rm asked`), /Inappropriate ioctl for device/);
  });

  it('keeps every line of four processes that append under flock, in each one’s order', async () => {
    await stage.sh(`
      append() { for i in $(seq 40); do (flock 9; echo "$1 $i" >> lines) 9>> lock; done; }
      for who in a b c d; do append $who & pids+=" $!"; done
      for pid in $pids; do wait $pid; done
    `);
    const lines = (await stage.sh('cat lines')).trim().split('\n');
    for (const who of ['a', 'b', 'c', 'd']) {
      const own = lines.filter((line) => line.startsWith(who));
      assert.deepEqual(
        own,
        Array.from({ length: 40 }, (_, index) => `${who} ${index + 1}`),
      );
    }
    assert.equal(lines.length, 160);
  });

  it('keeps every line of four processes that append with O_APPEND and no lock', async () => {
    await stage.sh(`
      append() { for i in $(seq 100); do echo "$1 $i $(printf %060d $i)"; done >> appended; }
      for who in a b c d; do append $who & pids+=" $!"; done
      for pid in $pids; do wait $pid; done
    `);
    assert.equal(
      await stage.sh(`grep -cE '^[abcd] [0-9]+ [0-9]{60}$' appended; sort -u appended | wc -l`),
      '400\n400\n',
    );
  });

  it('shows tail -f what another process appends', async () => {
    await stage.sh('echo first > followed');
    const tail = stage.start('tail', ['-f', '-n', '+1', 'followed']);
    let shown = '';
    tail.stdout?.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
    });
    await until('the first line shows', () => shown === 'first\n');
    for (const line of ['second', 'third']) {
      await stage.sh(`echo ${line} >> followed`);
      await until(`${line} shows`, () => shown.endsWith(`${line}\n`));
    }
    assert.equal(shown, 'first\nsecond\nthird\n');
    tail.kill();
  });

  it('finds scripts executable and targets up to date after a remount', async () => {
    const at = (part: string) => join(stage.mount, `case ${scripts.findIndex(([name]) => name.includes(part))}`);
    await stage.remount();
    assert.equal(
      await stage.sh('./bin/tool again; make -C "$MADE" -q && echo made', {
        cwd: at('shebang'),
        env: { MADE: at('make,') },
      }),
      'ran again\nmade\n',
    );
    await stage.finish();
  });
});

describe('a large folder on the volume', () => {
  let world: World;
  before(async () => {
    world = await createWorld();
  });
  after(() => world.close());

  it('lists 5,000 entries with ls -la for one request, and again for none', async (test) => {
    const { emulator } = world;
    for (let file = 0; file < 5_000; file += 1) await emulator.put(`/Jotta/Archive/many/file ${file}`, 'the same');
    // No poll comes in between: each would list the folder once more.
    const { mountPoint } = await world.start({ pollSeconds: 3_600, loginToken: emulator.newLoginToken() });
    const list = async () => {
      emulator.resetStats();
      const startedAt = performance.now();
      const { stdout } = await run('bash', ['-c', 'ls -la "$0/many" | wc -l', mountPoint]);
      const ms = Math.round(performance.now() - startedAt);
      const requests = emulator.requests().filter(({ url }) => url.includes('/many'));
      return { lines: Number(stdout), ms, kinds: requests.map(({ kind }) => kind) };
    };
    const [cold, warm] = [await list(), await list()];
    test.diagnostic(`ls -la of 5,000 entries: ${cold.ms} ms, again ${warm.ms} ms`);
    assert.deepEqual([cold.lines, cold.kinds, warm.lines, warm.kinds], [5003, ['list'], 5003, []]);
    assert.ok(cold.ms < 15_000 && warm.ms < 10_000, `${cold.ms} ms, ${warm.ms} ms`);
  });
});
