import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toFuseError } from '../../src/fuse/preflight.ts';

const failWith = (code: string) => Object.assign(new Error('the binding says why'), { code });

describe('what the FUSE binding says about this computer', () => {
  it('tells a FUSE that is too old, or not allowed, from one that is not there', () => {
    assert.equal(toFuseError(failWith('EMACFUSEVERSION'))?.kind, 'fuseTooOld');
    assert.equal(toFuseError(failWith('EFUSEDEVICE'))?.kind, 'fuseNotAllowed');
  });

  it('takes a mount that macOS does not let happen for one that is not allowed yet', () => {
    assert.equal(toFuseError(failWith('EMACFUSEMOUNT'))?.kind, 'fuseNotAllowed');
  });

  it('names the command that helps, and never an installation where something is installed', () => {
    assert.match(toFuseError(failWith('EFUSEVERSION'))?.detail.hint ?? '', /install/);
    assert.doesNotMatch(toFuseError(failWith('EFUSEDEVICE'))?.detail.hint ?? '', /install/);
  });

  it('says nothing about failures that are none of its own', () => {
    assert.equal(toFuseError(failWith('ENOENT')), undefined);
    assert.equal(toFuseError('text'), undefined);
  });
});
