import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { until } from '../../support/until.ts';

import { recordChanges } from './changes.ts';
import { assertOneRevision } from './saves.ts';
import { assertSame, failures, openStage, replay, type Stage, type Step } from './support.ts';

const zeros = '00'.repeat(32);
/** Type `brok`, creator `MACS`: how Finder marks a copy in progress. */
const busy = `${Buffer.from('brokMACS').toString('hex')}${'00'.repeat(24)}`;
const tagged = `${'00'.repeat(8)}000c${'00'.repeat(22)}`;
const quarantine = Buffer.from('0083;65a1b2c3;Safari;').toString('hex');
const finderInfo = 'com.apple.FinderInfo';

/** user::rw-, user:0:r--, group::r--, mask::r--, other::r--, as the kernel takes it. */
const accessControlList = '0200000001000600ffffffff020004000000000004000400ffffffff10000400ffffffff20000400ffffffff';

/** Names that Finder and its daemons make and look for; none of them is ever to be heard of by the server. */
const litter =
  /\._|DS_Store|\.Trashes|Spotlight|fseventsd|TemporaryItems|apdisk|VolumeIcon|Icon\r|Icon%0D|metadata_never/i;

/** What Finder asks before it shows or copies anything. */
const look: readonly Step[] = [
  ['free', '.'],
  ['exists', '.hidden'],
  ...['.DS_Store', '._.', '._.DS_Store', '.VolumeIcon.icns', '._photo.jpg', 'Icon\r', '.apdisk'].map(
    (name): Step => ['exists', name],
  ),
  ['access', '.'],
  ['listxattr', '.'],
];

/** Finder's view settings: written beside, renamed into place. */
const viewSettings: readonly Step[] = [
  ['create', '..DS_Store_tmp1', 'view 1'],
  ['rename', '..DS_Store_tmp1', '.DS_Store'],
  ['rewrite', '.DS_Store', 'view 2'],
  ['setxattr', '.DS_Store', finderInfo, '40'.padStart(20, '0').padEnd(64, '0')],
];

const daemons: readonly Step[] = [
  ['mkdir', '.Spotlight-V100'],
  ['create', '.Spotlight-V100/VolumeConfiguration.plist', 'plist'],
  ['mkdir', '.Trashes'],
  ['mkdir', '.fseventsd'],
  ['create', '.fseventsd/fseventsd-uuid', 'uuid'],
  ['mkdir', '.TemporaryItems'],
  ['create', '.apdisk', 'disk'],
  ['create', 'Icon\r', 'icon'],
];

describe('Finder on the volume, replayed as system calls', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage({ settleMs: 500 });
    await stage.world.emulator.put('/Jotta/Archive/saved/doc.txt', 'the old text');
  });
  after(() => stage.close());

  const heard = () =>
    stage.world.emulator.requests().filter(({ url, body }) => litter.test(decodeURIComponent(url) + body));

  it('looks around, keeps its view settings and its daemons’ folders, and the server hears nothing of it', async () => {
    await stage.sh('ls -la . saved');
    stage.world.emulator.resetStats();
    const steps = [...look, ...viewSettings, ...daemons, ['read', '.DS_Store'] as const];
    const results = await replay(stage, steps);
    assert.deepEqual(failures(steps, results), []);
    assert.equal(results.at(-1), 'view 2');
    assert.deepEqual(results.slice(2, 9), [false, false, false, false, false, false, false]);
    await assertSame(stage);
    assert.equal(stage.world.emulator.stats().mutating, 0);
    assert.deepEqual(heard(), []);
  });

  it('copies a file in, with its attributes: the file arrives, the attributes stay here, and no ._ file is made', async () => {
    const steps: readonly Step[] = [
      ...look,
      ['open', 'f', 'photo.jpg', 'O_WRONLY|O_CREAT|O_EXCL'],
      ['setxattr', 'photo.jpg', finderInfo, busy],
      ['getxattr', 'photo.jpg', finderInfo],
      ['write', 'f', 'the picture'],
      ['setxattr', 'photo.jpg', 'com.apple.quarantine', quarantine],
      ['setxattr', 'photo.jpg', 'com.apple.ResourceFork', 'ab'.repeat(500)],
      ['setxattr', 'photo.jpg', 'com.apple.metadata:_kMDItemUserTags', '62706c697374'],
      ['setxattr', 'photo.jpg', 'com.apple.lastuseddate#PS', '00'.repeat(16)],
      ['close', 'f'],
      ['utime', 'photo.jpg', 1_600_000_000_000_000_000],
      ['chmod', 'photo.jpg', 0o600],
      ['setxattr', 'photo.jpg', finderInfo, tagged],
      ['removexattr', 'photo.jpg', 'com.apple.lastuseddate#PS'],
      ['listxattr', 'photo.jpg'],
      ['getxattr', 'photo.jpg', finderInfo],
      ['exists', '._photo.jpg'],
    ];
    // With the first new file the drive also asks how the service answers a taken name.
    await replay(stage, [['create', 'first.txt', 'first']]);
    await assertSame(stage);
    stage.world.emulator.resetStats();
    const results = await replay(stage, steps);
    assert.deepEqual(failures(steps, results), []);
    assert.deepEqual(results.slice(-3), [
      [finderInfo, 'com.apple.ResourceFork', 'com.apple.metadata:_kMDItemUserTags', 'com.apple.quarantine'],
      tagged,
      false,
    ]);
    await assertSame(stage);
    assert.deepEqual(heard(), []);
    const { allocate, upload } = stage.world.emulator.stats().requests;
    assert.deepEqual([allocate, upload], [1, 1]);
  });

  it('does not send a file while Finder marks it as a copy in progress, and sends it when the mark goes', async () => {
    const changes = recordChanges(stage);
    const about = () => changes().filter(({ target }) => target.includes('movie.mov'));
    await replay(stage, [
      ['create', 'movie.mov', 'half of it'],
      ['setxattr', 'movie.mov', finderInfo, busy],
    ]);
    await stage.sh('mkdir "made after it"');
    await until('what was made after it has arrived', () =>
      stage.world.emulator.tree().some(({ path }) => path.endsWith('made after it')),
    );
    assert.deepEqual(about(), []);
    await replay(stage, [
      ['rewrite', 'movie.mov', 'all of it'],
      ['setxattr', 'movie.mov', finderInfo, zeros],
    ]);
    await assertSame(stage);
    assert.equal(about().length, 1);
  });

  it('makes ._ files where a program insists on them: they work, and stay here', async () => {
    stage.world.emulator.resetStats();
    const steps: readonly Step[] = [
      ['create', '._photo.jpg', 'fork'],
      ['read', '._photo.jpg'],
      ['create', 'saved/._doc.txt', 'fork'],
      ['rename', '._photo.jpg', '._renamed.jpg'],
      ['list', 'saved'],
    ];
    assert.deepEqual((await replay(stage, steps)).slice(1), ['fork', null, null, ['._doc.txt', 'doc.txt']]);
    await assertSame(stage);
    assert.equal(stage.world.emulator.stats().mutating, 0);
    assert.deepEqual(heard(), []);
  });

  it('saves by exchange: one revision more, and the old version is what the exchange left behind', async () => {
    await assertOneRevision(stage, 'saved/doc.txt', async () => {
      const steps: readonly Step[] = [
        ['setxattr', 'saved/doc.txt', 'com.apple.TextEncoding', Buffer.from('utf-8;134217984').toString('hex')],
        ['mkdir', 'saved/doc.txt.sb-11223344-aBcDeF'],
        ['create', 'saved/doc.txt.sb-11223344-aBcDeF/doc.txt', 'the new text'],
        ['exchange', 'saved/doc.txt.sb-11223344-aBcDeF/doc.txt', 'saved/doc.txt'],
        ['read', 'saved/doc.txt'],
        ['read', 'saved/doc.txt.sb-11223344-aBcDeF/doc.txt'],
        ['unlink', 'saved/doc.txt.sb-11223344-aBcDeF/doc.txt'],
        ['rmdir', 'saved/doc.txt.sb-11223344-aBcDeF'],
      ];
      assert.deepEqual((await replay(stage, steps)).slice(3, 6), [null, 'the new text', 'the old text']);
    });
  });

  it('answers questions about attributes as a local disk does', async () => {
    const steps: readonly Step[] = [
      ['create', 'plain', 'x'],
      ['getxattr', 'plain', 'com.apple.quarantine'],
      ['listxattr', 'plain'],
      ['removexattr', 'plain', 'user.none'],
      ['getxattr', 'nowhere', finderInfo],
      ['setxattr', 'plain', 'user.note', ''],
      ['getxattr', 'plain', 'user.note'],
      ['rename', 'plain', 'renamed'],
      ['listxattr', 'renamed'],
      ['unlink', 'renamed'],
      ['create', 'renamed', 'another'],
      ['listxattr', 'renamed'],
      ['setxattr', 'saved', 'user.folder', 'ff'],
      ['getxattr', 'saved', 'user.folder'],
      ['setxattr', 'renamed', 'system.posix_acl_access', accessControlList],
    ];
    const results = await replay(stage, steps);
    assert.deepEqual(results.slice(0, -1), [
      ...[null, 'ENODATA', [], 'ENODATA', 'ENOENT', null, '', null, ['user.note'], null, null, [], null, 'ff'],
    ]);
    // Linux names the one number either way.
    assert.match(String(results.at(-1)), /^(EOPNOTSUPP|ENOTSUP)$/);
  });

  it('finds attributes and view settings again after a remount', async () => {
    await stage.remount();
    const steps: readonly Step[] = [
      ['getxattr', 'photo.jpg', finderInfo],
      ['getxattr', 'photo.jpg', 'com.apple.quarantine'],
      ['read', '.DS_Store'],
      ['read', 'saved/._doc.txt'],
      ['exists', '.Spotlight-V100/VolumeConfiguration.plist'],
    ];
    assert.deepEqual(await replay(stage, steps), [tagged, quarantine, 'view 2', 'fork', true]);
    assert.equal(await readFile(join(stage.mount, 'photo.jpg'), 'utf8'), 'the picture');
  });

  it('removes a folder that holds nothing but litter as an empty one', async () => {
    const changes = recordChanges(stage);
    const steps: readonly Step[] = [
      ['mkdir', 'emptied'],
      ['create', 'emptied/.DS_Store', 'view'],
      ['create', 'emptied/._gone.txt', 'fork'],
      ['rmdir', 'emptied'],
    ];
    assert.deepEqual(failures(steps, await replay(stage, steps)), []);
    await stage.finish();
    assert.deepEqual(
      changes().filter(({ target }) => litter.test(target)),
      [],
    );
  });
});
