import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { root } from '../../tools/setup/root.ts';
import { hideOthers, redact } from '../checkup/collect.ts';
import { ensureBuilt } from './builtDrive.ts';

const checkUp = (...args: string[]) =>
  spawnSync(process.execPath, [path.join(root, 'test/checkup/main.ts'), ...args], { encoding: 'utf8' });

describe('npm run checkup', () => {
  before(ensureBuilt);

  it('finds nothing wrong with a volume of what is shipped', () => {
    const { status, stdout, stderr } = checkUp();
    assert.equal(status, 0, stdout + stderr);
    assert.match(stdout, /^ok {4}the volume goes away with the drive$/m);
  });

  it('writes what is to be known when a step fails, and ends with 1', () => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'checkup-report-'));
    const report = path.join(dir, 'report.txt');
    const { status, stdout } = checkUp('--driver', 'steam', '--report', report);
    assert.equal(status, 1);
    assert.match(stdout, /^FAIL {2}the volume is mounted/m);
    const text = readFileSync(report, 'utf8');
    assert.match(text, /--driver is one of auto, fuse, nfs/, 'the log of the drive');
    assert.match(text, /^\$ mount$/m, 'the mount table');
    rmSync(dir, { recursive: true });
  });

  it('shows nobody what else is mounted, only of which kind it is', () => {
    const mac = [
      '/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)',
      '//ada@nas.example/Family Photos on /Volumes/Family Photos (smbfs, nodev, mounted by ada)',
      'Jottacloud@macfuse0 on /Users/ada/Cloud (macfuse, nodev, mounted by ada)',
      '127.0.0.1:/jottacloud-0f on /Users/ada/Work (nfs, nodev, mounted by ada)',
    ];
    assert.equal(hideOthers(mac.join('\n')), ['(apfs)', '(smbfs)', ...mac.slice(2)].join('\n'));
    const linux = ['/dev/vda on /home/ada type ext4 (rw)', 'Jottacloud on /tmp/a b type fuse.jottacloud (rw)'];
    assert.equal(hideOthers(linux.join('\n')), ['(ext4)', linux[1]].join('\n'));
    const own = ['/Users/ada/Work from 127.0.0.1:/jottacloud-0f', '  -- Original mount options:', '     soft,intr'];
    const other = ['/Volumes/Office from server.example:/export', '  -- Original mount options:', '     hard'];
    assert.equal(hideOthers([...other, ...own].join('\n')), own.join('\n'));
  });

  it('shows nobody who the user is, nor the path of an export', () => {
    const text = '127.0.0.1:/jottacloud-0123456789abcdef0123456789abcdef on /Users/ada/Cloud (mounted by ada) adas-mac';
    assert.equal(
      redact(text, { home: '/Users/ada', user: 'ada', host: 'adas-mac' }),
      '127.0.0.1:/jottacloud-EXPORT on ~/Cloud (mounted by USER) HOST',
    );
  });
});
