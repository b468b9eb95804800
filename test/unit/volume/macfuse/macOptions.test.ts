import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { errnoNumber } from '../../../../src/base/errno.ts';
import { silentLog } from '../../../../src/base/log.ts';
import { rootIno } from '../../../../src/store/nodeRow.ts';
import type { Vfs } from '../../../../src/vfs/vfs.ts';
import { isFinderTrash, parseRenameFlags } from '../../../../src/volume/macfuse/nameOperations.ts';
import { getFuseOptions, getMacMountOptions, withMountOptions } from '../../../../src/volume/macfuse/options.ts';
import { type FuseModule, loadBinding } from '../../../../src/volume/macfuse/preflight.ts';
import { parseMacMounts } from '../../../../src/volume/mountPoint.ts';
import type { VolumeView } from '../../../../src/volume/volume.ts';

const view: VolumeView = {
  // Options are made without a look at any file.
  vfs: {} as Vfs,
  ...{ root: rootIno, readOnly: false, log: silentLog, uid: 501, gid: 20 },
  ...{ getQuota: () => ({ used: 0, total: 1 }), getPath: () => '/', onChanged: () => {} },
  previewsStayLocal: () => true,
};

/** The text that libfuse gets on a platform. */
function getOptionText(platform: NodeJS.Platform, volumeName: string): string {
  const binding = withMountOptions(loadBinding(), platform === 'darwin' ? getMacMountOptions(volumeName) : []);
  const fuse = new binding('/nowhere', {}, getFuseOptions(platform, view));
  return (fuse as unknown as { _fuseOptions(): string })._fuseOptions();
}

describe('what macFUSE is told', () => {
  it('has no option that its library refuses, or that overwrites the stack of the drive', () => {
    assert.equal(
      getOptionText('darwin', 'Jottacloud'),
      '-odefault_permissions,max_read=262144,fsname=Jottacloud,subtype=jottacloud,uid=501,gid=20,' +
        'entry_timeout=1,attr_timeout=1,volname=Jottacloud,iosize=1048576',
    );
  });

  it('keeps the cache policy of the kernel of Linux', () => {
    assert.match(getOptionText('linux', 'x'), /,auto_cache,.*,ac_attr_timeout=0$/);
  });

  it('names the volume whatever the name of its folder has in it', () => {
    const named = (name: string) => getMacMountOptions(name)[0];
    assert.equal(named('Invoices, 2024\\old\nand new'), 'volname=Invoices 2024 old and new');
    assert.equal(named('\n'), 'volname=Jottacloud');
    assert.match(getOptionText('darwin', 'a,allow_other'), /volname=a allow_other,/);
  });
});

describe('what macOS says in words of its own', () => {
  it('reads the flags of a rename as macOS numbers them', () => {
    assert.equal(parseRenameFlags(4, 'darwin'), 'noReplace');
    assert.equal(parseRenameFlags(2, 'darwin'), 'exchange');
    assert.equal(parseRenameFlags(1, 'darwin'), undefined);
    assert.equal(parseRenameFlags(1, 'linux'), 'noReplace');
    assert.equal(parseRenameFlags(4, 'linux'), undefined);
    assert.equal(parseRenameFlags(0, 'darwin'), 'replace');
  });

  it('says that something is not supported in the number that programs expect of a file system', () => {
    assert.equal(errnoNumber('EOPNOTSUPP', 'darwin'), 45);
    assert.equal(errnoNumber('EOPNOTSUPP', 'linux'), 95);
    assert.equal(errnoNumber('ENODATA', 'darwin'), 93);
  });

  it('gives Finder no trash of its own, so that what is deleted goes to that of the account', () => {
    assert.ok(isFinderTrash('/.Trashes', 'darwin'));
    assert.ok(!isFinderTrash('/folder/.Trashes', 'darwin'));
    assert.ok(!isFinderTrash('/.Trashes', 'linux'));
  });

  it('knows its own volumes in the mount table', () => {
    const table = [
      '/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)',
      'Jottacloud on /Users/ada/CloudMounts/Jottacloud (macfuse, nodev, nosuid, synchronous, mounted by ada)',
      'Jottacloud@macfuse1 on /Users/ada/CloudMounts/Work (old) (macfuse, nodev, nosuid, mounted by ada)',
      'sshfs@macfuse0 on /Users/ada/Jottacloud (macfuse, nodev, nosuid, mounted by ada)',
      '127.0.0.1:/jottacloud-0f on /Users/ada/Cloud (nfs, nodev, nosuid, mounted by ada)',
      'server:/export on /Users/ada/Office (nfs, nodev, nosuid, mounted by ada)',
    ].join('\n');
    const own = parseMacMounts(table).filter(({ ours }) => ours);
    assert.deepEqual(
      own.map((mount) => [mount.path, mount.fuse]),
      [
        ['/Users/ada/CloudMounts/Jottacloud', true],
        ['/Users/ada/CloudMounts/Work (old)', true],
        ['/Users/ada/Cloud', false],
      ],
    );
  });
});

it('a FUSE that is installed while the drive runs is found at the next look', () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'binding-'));
  const from = pathToFileURL(path.join(dir, 'drive.cjs')).href;
  const folder = path.join(dir, 'node_modules', 'fuse-native');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'index.js'), "throw new Error('Library not loaded: libfuse3.4.dylib')");
  assert.throws(() => loadBinding(from), /Library not loaded/);
  writeFileSync(path.join(folder, 'index.js'), 'module.exports = class Fuse {}');
  assert.equal((loadBinding(from) satisfies FuseModule).name, 'Fuse');
  rmSync(dir, { recursive: true });
});
