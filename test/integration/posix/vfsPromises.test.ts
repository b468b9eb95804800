import assert from 'node:assert/strict';
import { after, before, describe, it, mock } from 'node:test';
import { silentLog } from '../../../src/base/log.ts';
import { vfsLimits } from '../../../src/vfs/limits.ts';
import { attrOperations } from '../../../src/volume/macfuse/attrOperations.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { openSessionWorld, type SessionWorld } from '../../support/sessionWorld.ts';

const top = '/Jotta/Archive';
const large = Buffer.alloc(2 * 1024 * 1024, 'x');

let emulator: Emulator;
let world: SessionWorld;

before(async () => {
  emulator = await startEmulator({ quirks: { eventSocket: 'no-token' } });
  await emulator.put(`${top}/large.bin`, large);
  world = await openSessionWorld(emulator);
});
after(async () => {
  await world.close();
  await emulator.close();
});

const fails = (work: Promise<unknown>, code: string) => assert.rejects(work, { name: 'ErrnoError', code });

describe('a symbolic link', () => {
  /** `x` → kind and target of what the volume shows of these files of the server. */
  async function show(files: Record<string, string>): Promise<Record<string, string>> {
    const folder = `links ${Object.keys(files).join()}`;
    for (const [name, text] of Object.entries(files)) await emulator.put(`${top}/${folder}/${name}`, text);
    await world.poll();
    const { vfs } = world.session();
    const entries = await vfs.readdir(await world.find(`${top}/${folder}`));
    const told = entries.map(async ({ name, row }) => {
      const isLink = vfs.getAttr(row.ino).kind === 'link';
      return [name, isLink ? `-> ${await vfs.readlink(row.ino)}` : 'file'];
    });
    return Object.fromEntries(await Promise.all(told));
  }

  it('that rclone made is shown where it stays in the volume, and as the file it is where it leads out', async () => {
    const inside = { 'up.rclonelink': '../../elsewhere', 'gone.rclonelink': './nothing', 'top.rclonelink': '../../..' };
    assert.deepEqual(await show(inside), { up: '-> ../../elsewhere', gone: '-> ./nothing', top: '-> ../../..' });
    const outside = {
      'abs.rclonelink': '/etc/passwd',
      'high.rclonelink': '../../../../x',
      'late.rclonelink': 'a/../b',
    };
    const files = Object.fromEntries(Object.keys(outside).map((name) => [name, 'file']));
    assert.deepEqual(await show(outside), files);
    const { linkRules } = world.session();
    linkRules.followOutside = true;
    const links = Object.entries(outside).map(([name, to]) => [name.replace('.rclonelink', ''), `-> ${to}`]);
    assert.deepEqual(await show(outside), Object.fromEntries(links));
    linkRules.followOutside = false;
  });

  it('is shown as a file when it is empty or larger than a path can be', async () => {
    assert.deepEqual(await show({ 'none.rclonelink': '', 'long.rclonelink': 'x'.repeat(4096) }), {
      'none.rclonelink': 'file',
      'long.rclonelink': 'file',
    });
    assert.deepEqual(await show({ 'longest.rclonelink': 'x'.repeat(4095) }), { longest: `-> ${'x'.repeat(4095)}` });
  });

  it('is shown as a file when its bare name is taken', async () => {
    assert.deepEqual(await show({ taken: 'text', 'taken.rclonelink': 'a' }), {
      taken: 'file',
      'taken.rclonelink': 'file',
    });
  });

  it('takes U+FFFD in a name, a target and the name of an attribute, and follows no target that is not UTF-8', async () => {
    const { vfs } = world.session();
    await world.save(`${top}/wrongly \uFFFD unzipped`, 'text');
    assert.equal(await world.readText(`${top}/wrongly \uFFFD unzipped`), 'text');
    const parent = await world.find(top);
    await vfs.symlink(parent, 'to \uFFFD', 'wrongly \uFFFD unzipped');
    const { ino } = await vfs.lookup(parent, 'to \uFFFD');
    assert.equal(await vfs.readlink(ino), 'wrongly \uFFFD unzipped');
    vfs.setXattr(ino, 'user.\uFFFD', Buffer.from('x'), { mode: 'set', position: 0 });
    assert.deepEqual(vfs.listXattrs(ino), ['user.\uFFFD']);
    await world.emulator.put(`${top}/latin/l.rclonelink`, Buffer.from('bl\u00e5', 'latin1'));
    await world.poll();
    assert.deepEqual(
      (await vfs.readdir(await world.find(`${top}/latin`))).map(({ name }) => name),
      ['l.rclonelink'],
    );
  });

  it('takes names up to 244 bytes, so that the name on the server fits', async () => {
    const home = await world.find(top);
    const { vfs } = world.session();
    await vfs.symlink(home, 'l'.repeat(244), 'a');
    await fails(vfs.symlink(home, 'l'.repeat(245), 'a'), 'ENAMETOOLONG');
  });

  it('whose target does not come is the file it is, and a link once it has come', async () => {
    emulator.setFaults([{ match: { kind: 'download' }, action: { type: 'status', status: 403 } }]);
    try {
      assert.deepEqual(await show({ 'slow.rclonelink': 'slow target' }), { 'slow.rclonelink': 'file' });
    } finally {
      emulator.setFaults([]);
    }
    assert.deepEqual(await show({ 'slow.rclonelink': 'slow target' }), { slow: '-> slow target' });
  });

  it('that was made here stays one wherever it leads, until the server has another target for it', async () => {
    const { vfs } = world.session();
    const parent = await world.mkdir(`${top}/own`);
    await vfs.symlink(parent, 'l', '/etc/hostname');
    await world.drain();
    await world.poll();
    assert.deepEqual(
      (await vfs.readdir(parent)).map(({ name }) => name),
      ['l'],
    );
    await emulator.put(`${top}/own/l.rclonelink`, '/etc/passwd');
    await world.poll();
    assert.deepEqual(
      (await vfs.readdir(parent)).map(({ name }) => name),
      ['l.rclonelink'],
    );
  });
});

/** The operation is ETIMEDOUT at the read deadline, and not a moment before. */
async function endsAtDeadline(
  operation: () => Promise<unknown>,
  deadlineMs: number = vfsLimits.readDeadlineMs,
): Promise<void> {
  const isStalled = () => emulator.faults().some(({ hits }) => hits.length > 0);
  const timers = mock.method(globalThis, 'setTimeout');
  try {
    let ended = false;
    const work = operation().finally(() => {
      ended = true;
    });
    while (!isStalled()) await new Promise((resolve) => setImmediate(resolve));
    const deadline = timers.mock.calls.find(({ arguments: [, ms] }) => ms === deadlineMs);
    assert.ok(deadline !== undefined, 'there is a deadline');
    assert.equal(ended, false);
    (deadline.arguments[0] as () => void)();
    await fails(work, 'ETIMEDOUT');
  } finally {
    timers.mock.restore();
  }
}

describe('a read', () => {
  it('that waits longer than 45 s is ETIMEDOUT', async () => {
    assert.equal(vfsLimits.readDeadlineMs, 45_000);
    const { vfs } = world.session();
    const reading = { writing: false, append: false, truncate: false };
    const fh = await vfs.open(await world.find(`${top}/large.bin`), reading);
    emulator.setFaults([{ match: { kind: 'download' }, action: { type: 'stall' } }]);
    // The rest is for the kernel's second try (readPatience.test.ts).
    await endsAtDeadline(() => vfs.read(fh, 0, 4096), vfsLimits.readDeadlineMs - vfsLimits.lastReadMs);
    emulator.setFaults([]);
    await vfs.release(fh);
  });
});

describe('a handle', () => {
  const reading = { writing: false, append: false, truncate: false };
  const block = Buffer.alloc(256 * 1024);
  const fill = (letter: string) => Buffer.concat(Array.from({ length: 12 }, () => block.fill(letter)));

  it('goes on with the revision it opened when another comes', async () => {
    await emulator.put(`${top}/pinned.bin`, fill('a'));
    await world.poll();
    const { vfs } = world.session();
    const ino = await world.find(`${top}/pinned.bin`);
    const fh = await vfs.open(ino, reading);
    await emulator.put(`${top}/pinned.bin`, fill('b'));
    await world.poll();
    assert.equal(String(await vfs.read(fh, 2_999_990, 10)), 'a'.repeat(10));
    await vfs.release(fh);
    const next = await vfs.open(ino, reading);
    assert.equal(String(await vfs.read(next, 2_999_990, 10)), 'b'.repeat(10));
    await vfs.release(next);
  });

  it('for writing keeps the file at the revision it opened; closed without a write, the file follows', async () => {
    await emulator.put(`${top}/held.txt`, 'opened');
    await world.poll();
    const { vfs } = world.session();
    const ino = await world.find(`${top}/held.txt`);
    const writer = await vfs.open(ino, { ...reading, writing: true });
    const reader = await vfs.open(ino, reading);
    await emulator.put(`${top}/held.txt`, 'changed elsewhere');
    await world.poll();
    assert.equal(String(await vfs.read(writer, 0, 100)), 'opened');
    assert.equal(await world.readText(`${top}/held.txt`), 'opened');
    await vfs.release(writer);
    await world.until(
      'the file follows',
      () => vfs.getAttr(ino).size === 'opened'.length && world.session().nodes.get(ino)?.size === 17,
    );
    assert.equal(String(await vfs.read(reader, 0, 100)), 'opened', 'the reader is where it was');
    await vfs.release(reader);
    assert.equal(await world.readText(`${top}/held.txt`), 'changed elsewhere');
  });

  it('for writing brings readers that are behind to the revision it changes', async () => {
    await emulator.put(`${top}/behind.txt`, 'opened');
    await world.poll();
    const { vfs } = world.session();
    const ino = await world.find(`${top}/behind.txt`);
    const reader = await vfs.open(ino, reading);
    await emulator.put(`${top}/behind.txt`, 'changed elsewhere');
    await world.poll();
    const writer = await vfs.open(ino, { ...reading, writing: true });
    assert.equal(String(await vfs.read(writer, 0, 100)), 'changed elsewhere');
    assert.equal(vfs.getAttr(ino).size, 17);
    await vfs.write(writer, Buffer.from(', ours'), 17);
    await vfs.flushHandle(writer);
    for (const fh of [writer, reader]) {
      assert.equal(String(await vfs.read(fh, 0, 100)), 'changed elsewhere, ours');
      await vfs.release(fh);
    }
    await world.drain();
    assert.equal(String(await emulator.read(`${top}/behind.txt`)), 'changed elsewhere, ours');
  });

  it('goes on reading what was removed elsewhere', async () => {
    await emulator.put(`${top}/trashed.bin`, fill('t'));
    await world.poll();
    const { vfs } = world.session();
    const fh = await vfs.open(await world.find(`${top}/trashed.bin`), reading);
    emulator.remove(`${top}/trashed.bin`);
    await world.poll();
    await fails(world.find(`${top}/trashed.bin`), 'ENOENT');
    assert.equal(String(await vfs.read(fh, 2_999_990, 10)), 't'.repeat(10));
    await vfs.release(fh);
  });

  it('is ESTALE when its revision is nowhere any more', async () => {
    await emulator.put(`${top}/lost.bin`, fill('c'));
    await world.poll();
    const { vfs } = world.session();
    const fh = await vfs.open(await world.find(`${top}/lost.bin`), reading);
    // The service keeps five revisions.
    for (const letter of 'defghij') await emulator.put(`${top}/lost.bin`, fill(letter));
    await world.poll();
    await fails(vfs.read(fh, 2_999_990, 10), 'ESTALE');
    await vfs.release(fh);
  });
});

describe('an edit of a part', () => {
  it('finds the rest where it went when another file of that size and revision has its place', async () => {
    const place = `${top}/rest`;
    await emulator.put(`${place}/file.txt`, 'base');
    await emulator.put(`${place}/other.txt`, 'BASE');
    emulator.mkdir(`${top}/never looked at`);
    await world.poll();
    const { vfs } = world.session();
    await vfs.readdir(await world.find(place));
    const fh = await vfs.open(await world.find(`${place}/file.txt`), { writing: true, append: true, truncate: false });
    await vfs.write(fh, Buffer.from(', ours'), 0);
    await vfs.flushHandle(fh);
    await vfs.release(fh);
    emulator.move(`${place}/file.txt`, `${top}/never looked at/taken.txt`);
    emulator.move(`${place}/other.txt`, `${place}/file.txt`);
    await world.poll();
    await world.drain();
    const texts = emulator.tree().filter(({ path }) => path.startsWith(`${place}/`));
    const contents = await Promise.all(texts.map(async ({ path }) => String(await emulator.read(path))));
    assert.deepEqual(contents.sort(), ['BASE', 'base, ours']);
  });
});

describe('a folder that was never listed', () => {
  it('waits for the listing of a folder that was never listed, and no longer', async () => {
    await emulator.put(`${top}/unlisted/a.txt`, 'a');
    await world.poll();
    const { vfs } = world.session();
    const folder = await world.find(`${top}/unlisted`);
    emulator.setFaults([{ match: { kind: 'list', pathIncludes: 'unlisted' }, action: { type: 'stall' } }]);
    const deadlines: { ms: number; end: () => void }[] = [];
    const timeout = mock.method(AbortSignal, 'timeout', (ms: number) => {
      const controller = new AbortController();
      deadlines.push({ ms, end: () => controller.abort(new Error('the time is up')) });
      return controller.signal;
    });
    const creating = { writing: true, append: false, truncate: false, exclusive: false };
    const waiting = [vfs.readdir(folder), vfs.lookup(folder, 'a.txt'), vfs.create(folder, 'new', 0o644, creating)];
    const failed = Promise.all(waiting.map((work) => fails(work, 'ETIMEDOUT')));
    timeout.mock.restore();
    assert.deepEqual(
      deadlines.map(({ ms }) => ms),
      [15_000, 15_000, 15_000],
    );
    for (const { end } of deadlines) end();
    await failed;
    emulator.setFaults([]);
  });

  it('is not removed as empty before it was ever listed', async () => {
    await emulator.put(`${top}/full/a.txt`, 'a');
    await world.poll();
    await fails(world.rmdir(`${top}/full`), 'ENOTEMPTY');
    await world.drain();
    assert.equal(String(await emulator.read(`${top}/full/a.txt`)), 'a');
  });
});

describe('a change', () => {
  it('costs no request and is there after a restart: mkdir, rename', async () => {
    await world.save(`${top}/old name`, 'text');
    await world.poll();
    emulator.resetStats();
    await world.mkdir(`${top}/made here`);
    await world.rename(`${top}/old name`, `${top}/made here/new name`);
    assert.deepEqual(emulator.requests(), []);
    await world.restart();
    assert.equal(await world.readText(`${top}/made here/new name`), 'text');
    await world.drain();
  });

  it('uploads the newest bytes when a file is written to during its upload', async () => {
    const newest = Buffer.alloc(6 * 1024 * 1024, 'n');
    await world.save(`${top}/busy.bin`, Buffer.alloc(newest.length, 'o'));
    emulator.setFaults([{ match: { kind: 'upload' }, action: { type: 'stall', after: 100_000 }, times: 1 }]);
    const drained = world.drain();
    await world.until('the upload is under way', () => emulator.faults().some(({ hits }) => hits.length > 0));
    await world.save(`${top}/busy.bin`, newest);
    await drained;
    assert.ok((await emulator.read(`${top}/busy.bin`)).equals(newest));
    emulator.setFaults([]);
  });
});

describe('the top of a volume', () => {
  it('takes no trash of a desktop: removed files go to the trash of the account', async () => {
    const home = await world.find(top);
    const volume = world.session().vfs.within({ root: home });
    for (const name of ['.Trash', '.Trash-1000']) await fails(volume.mkdir(home, name, 0o700), 'EPERM');
    await volume.mkdir(home, '.Trash-bin', 0o700);
    // Deeper in, no desktop looks for one: it comes with a folder that is copied.
    const { ino } = await volume.mkdir(home, 'copied', 0o700);
    await volume.mkdir(ino, '.Trash-1000', 0o700);
  });

  it('takes neither files nor folders where devices and mountpoints are, and none of these is removed', async () => {
    const { vfs } = world.session();
    for (const path of ['', '/Jotta']) await fails(vfs.mkdir(await world.find(path), 'new', 0o755), 'EPERM');
    const creating = { writing: true, append: false, truncate: false, exclusive: false };
    for (const path of ['', '/Jotta']) {
      await fails(vfs.create(await world.find(path), 'new', 0o644, creating), 'EPERM');
    }
    await fails(world.rmdir('/Jotta'), 'EPERM');
    await fails(world.rmdir(top), 'EPERM');
    await fails(world.rename(top, '/Jotta/Renamed'), 'EPERM');
  });
});

describe('statfs', () => {
  const ask = (used: number, total: number) => {
    const { vfs } = world.session();
    const getQuota = () => ({ used, total });
    const outside = { getPath: () => '/', onChanged: () => {} };
    const view = {
      vfs,
      root: 1,
      readOnly: false,
      previewsStayLocal: () => false,
      getQuota,
      ...outside,
      log: silentLog,
      uid: 1,
      gid: 1,
    };
    const { promise, resolve, reject } = Promise.withResolvers<Record<string, number>>();
    // Of the binding this asks nothing but the constants of utimens.
    const fuse = {} as unknown as Parameters<typeof attrOperations>[1];
    attrOperations(view, fuse).statfs('/', (result: number | null | undefined, answer: object | undefined) => {
      if (result !== 0) reject(new Error(`errno ${result}`));
      else resolve(answer as Record<string, number>);
    });
    return promise;
  };

  it("tells the account's total and free space", async () => {
    const { blocks, bavail, bsize, namemax } = await ask(3 * 1024 ** 3, 10 * 1024 ** 3);
    assert.deepEqual([blocks, bavail, bsize, namemax], [2_621_440, 1_835_008, 4096, 255]);
  });

  it('tells 1 PiB where the account has no limit, and no less than nothing where it is over it', async () => {
    const unlimited = await ask(0, -1);
    assert.equal((unlimited.blocks ?? 0) * 4096, 2 ** 50);
    const full = await ask(11, 10);
    assert.equal(full.bavail, 0);
  });

  it('is what the account said last, over a restart', async () => {
    emulator.quota(50_000_000);
    await world.session().refreshAccount();
    assert.equal(world.session().getAccount().totalBytes, 50_000_000);
    await world.restart();
    assert.equal(world.session().getAccount().totalBytes, 50_000_000);
    emulator.quota(null);
  });
});
