import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { getInstallHint } from '../../../src/volume/installHint.ts';
import { toFuseError, toLoadError } from '../../../src/volume/macfuse/preflight.ts';
import { MountError } from '../../../src/volume/mountError.ts';

const failWith = (code: string) => Object.assign(new Error('the binding says why'), { code });

describe('what the FUSE binding says about this computer', () => {
  it('tells a FUSE that is too old, or not allowed, from one that is not there', () => {
    assert.equal(toFuseError(failWith('EMACFUSEVERSION'))?.kind, 'fuseTooOld');
    assert.equal(toFuseError(failWith('EFUSEDEVICE'))?.kind, 'fuseNotAllowed');
  });

  it('takes a mount that macOS does not let happen for one that is not allowed yet', () => {
    assert.equal(toFuseError(failWith('EMACFUSEMOUNT'))?.kind, 'fuseNotAllowed');
    assert.equal(toFuseError(failWith('EFUSEMOUNT'), 'darwin')?.kind, 'fuseNotAllowed');
    assert.equal(toFuseError(failWith('EFUSEMOUNT'), 'linux'), undefined);
  });

  it('names the command that helps, and never an installation where something is installed', () => {
    assert.match(toFuseError(failWith('EFUSEVERSION'))?.detail.hint ?? '', /install/);
    assert.doesNotMatch(toFuseError(failWith('EFUSEDEVICE'))?.detail.hint ?? '', /install/);
  });

  it('names the command of the system it runs on', () => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'path-'));
    assert.equal(getInstallHint('linux', dir), 'sudo apt-get install fuse3');
    writeFileSync(path.join(dir, 'dnf'), '');
    assert.equal(getInstallHint('linux', `/nowhere${path.delimiter}${dir}`), 'sudo dnf install fuse3');
    assert.equal(getInstallHint('darwin', dir), 'brew install --cask macfuse');
    rmSync(dir, { recursive: true });
  });

  it('tells a package without a binding for this Node.js from a computer without FUSE', () => {
    const other = toLoadError(failWith('MODULE_NOT_FOUND'));
    assert.ok(other instanceof MountError && other.kind === 'packageCannotMount', String(other));
    const missing = failWith('EFUSEDEPENDENCY');
    assert.equal(toLoadError(missing), missing);
  });

  it('says nothing about failures that are none of its own', () => {
    assert.equal(toFuseError(failWith('ENOENT')), undefined);
    assert.equal(toFuseError('text'), undefined);
  });
});
