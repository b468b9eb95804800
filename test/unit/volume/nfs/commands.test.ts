import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseMacMounts } from '../../../../src/volume/mountPoint.ts';
import { getMacMountCommand, getUnmountCommands } from '../../../../src/volume/nfs/commands.ts';

const request = {
  ...{ port: 50_123, exportPath: '/jottacloud-0f', readOnly: false },
  mountPoint: '/Users/ada/Cloud, mine',
};

describe('how macOS is told to mount by NFS', () => {
  it('is one command that waits for nobody for ever and needs no administrator', () => {
    assert.deepEqual(getMacMountCommand(request), [
      '/sbin/mount_nfs',
      '-o',
      'rw,vers=3,tcp,port=50123,mountport=50123,noresvport,soft,intr,timeo=100,retrans=5,deadtimeout=60,mutejukebox,' +
        'locallocks,rdirplus,rsize=1048576,wsize=1048576,readahead=16,actimeo=1,nodev,nosuid',
      '127.0.0.1:/jottacloud-0f',
      '/Users/ada/Cloud, mine',
    ]);
  });

  it('has only options that macOS 13 knows, as all later ones do', () => {
    // mount_nfs.c of NFS-209.40.5, macOS 13; read up to NFS-339, macOS 26.
    const known = new Set([
      ...['vers', 'port', 'mountport', 'timeo', 'retrans', 'deadtimeout', 'rsize', 'wsize', 'dsize', 'readahead'],
      ...['actimeo', 'acregmin', 'acregmax', 'acdirmin', 'acdirmax', 'proto', 'sec', 'maxgroups'],
    ]);
    const switches = ['tcp', 'udp', 'inet', 'resvport', 'soft', 'hard', 'intr', 'mutejukebox', 'locallocks', 'locks'];
    for (const name of [...switches, 'rdirplus', 'negnamecache', 'nfc', 'callumnt', 'quota']) {
      known.add(name).add(`no${name}`);
    }
    // <mntopts.h>, for all file systems.
    for (const name of ['ro', 'rw', 'nodev', 'nosuid', 'noexec', 'nobrowse', 'noowners', 'sync', 'async'])
      known.add(name);
    const options = getMacMountCommand(request)[2]?.split(',') ?? [];
    assert.deepEqual(
      options.map((option) => option.split('=')[0] ?? '').filter((name) => !known.has(name)),
      [],
    );
  });

  it('lets the kernel refuse changes to a read-only volume', () => {
    assert.match(getMacMountCommand({ ...request, readOnly: true })[2] ?? '', /^ro,/);
  });

  it('shows the volume in Finder, which it does unless it is told not to', () => {
    assert.doesNotMatch(getMacMountCommand(request)[2] ?? '', /nobrowse/);
  });
});

describe('how macOS is told to let go of it', () => {
  it('is without force, where nobody asked for it', () => {
    assert.deepEqual(getUnmountCommands('darwin', '/Users/ada/Cloud', false), [['/sbin/umount', '/Users/ada/Cloud']]);
  });

  it('is force in two steps, of which the second tells Finder too', () => {
    assert.deepEqual(getUnmountCommands('darwin', '/Users/ada/Cloud', true), [
      ['/sbin/umount', '-f', '/Users/ada/Cloud'],
      ['/usr/sbin/diskutil', 'unmount', 'force', '/Users/ada/Cloud'],
    ]);
  });
});

describe('the mount table of macOS', () => {
  // As `mount` prints it on macOS 13 to 15: an automounter, a volume of the system, a share, and one of ours.
  const table = [
    '/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)',
    'devfs on /dev (devfs, local, nobrowse)',
    'map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)',
    '//ada@nas._smb._tcp.local/Photos on /Volumes/Photos (smbfs, nodev, nosuid, mounted by ada)',
    '127.0.0.1:/jottacloud-0f on /Users/ada/Work on it (new) (nfs, nodev, nosuid, mounted by ada)',
  ].join('\n');

  it('is read with names that have brackets and words of the table in them', () => {
    const mounts = parseMacMounts(table);
    assert.equal(mounts.length, 5);
    assert.deepEqual(
      mounts.filter(({ ours }) => ours),
      [{ path: '/Users/ada/Work on it (new)', fuse: false, ours: true, device: '' }],
    );
  });
});
