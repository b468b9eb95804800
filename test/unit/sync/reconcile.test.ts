import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decideFile, decideNew, decideVanished, type KnownFile } from '../../../src/sync/pull/reconcile.ts';

const clean: KnownFile = {
  old: { md5: 'old', mtime: 5, name: 'a' },
  listed: { md5: 'new', size: 3, mtime: 6, name: 'a' },
  local: { md5: 'old', size: 2, seconds: 5 },
  isRemoved: false,
  isInPlace: true,
  isStaged: false,
  isUnflushed: false,
  isOpenForWriting: false,
  isOwnUpload: false,
};
const edited: KnownFile = { ...clean, isStaged: true, local: { md5: 'mine', size: 9, seconds: 8 } };
const decide = (file: KnownFile, other: Partial<KnownFile> = {}) => decideFile({ ...file, ...other });

describe('what a listing asks of a known file', () => {
  it('is to follow where nothing was changed here', () => {
    assert.deepEqual(decide(clean), {
      do: 'follow',
      takesContent: true,
      isNewContent: true,
      takesTime: true,
      takesName: true,
      isVisible: true,
    });
  });
  it('is nothing visible where nothing was changed there', () => {
    const same = { ...clean.listed, md5: 'old', mtime: 5 };
    const decision = decide(clean, { listed: same });
    assert.equal(decision.do === 'follow' && decision.isVisible, false);
  });
  it('is to keep both where both were changed', () => assert.equal(decide(edited).do, 'conflict'));
  it('is to restore what was removed here and changed there', () =>
    assert.equal(decide(clean, { isRemoved: true }).do, 'restore'));
  it('is to let a removal stand over an upload of our own', () =>
    assert.equal(decide(clean, { isRemoved: true, isOwnUpload: true }).do, 'noteServerSide'));
  it('is to let newer bytes rest on an upload of our own', () =>
    assert.equal(decide(edited, { isOwnUpload: true }).do, 'noteServerSide'));
  it('is to let what was there before, and is again, rest on an upload of our own', () =>
    assert.equal(decide(clean, { isOwnUpload: true }).do, 'noteServerSide'));
  it('is to follow an upload of our own whose content is shown', () =>
    assert.equal(decide(clean, { isOwnUpload: true, local: { md5: 'new', size: 3, seconds: 6 } }).do, 'follow'));
  it('is to leave the comparison to the upload where the sizes are the same', () =>
    assert.equal(decide(edited, { local: { ...edited.local, size: 3 } }).do, 'leave'));
  it('is to wait until nobody has it open for writing', () =>
    assert.equal(decide(clean, { isOpenForWriting: true }).do, 'defer'));
  it('is to keep a time that was set here', () => {
    const decision = decide(clean, {
      listed: { ...clean.listed, md5: 'old' },
      local: { ...clean.local, seconds: 7 },
    });
    assert.equal(decision.do === 'follow' && decision.takesTime, false);
  });
});

describe('what a listing asks for a new entry', () => {
  const occupant = { isFile: true, md5: 'x', isLocalOnly: false, isOnServer: false, isWritten: false };
  const entry = { isFile: true, md5: 'x' };
  it('is a row where its name is free', () => assert.equal(decideNew({ entry, occupant: undefined }), 'insert'));
  it('is to become one with a new file of the same bytes', () => assert.equal(decideNew({ entry, occupant }), 'join'));
  it('is a conflicted copy of a new file of other bytes', () =>
    assert.equal(decideNew({ entry, occupant: { ...occupant, isWritten: true } }), 'conflict'));
  it('is a conflicted copy of a file that the server has elsewhere', () =>
    assert.equal(decideNew({ entry, occupant: { ...occupant, isOnServer: true } }), 'conflict'));
  it('is to stay hidden behind what never leaves this computer', () =>
    assert.equal(decideNew({ entry, occupant: { ...occupant, isLocalOnly: true } }), 'hide'));
  it('is to become one with a new folder', () =>
    assert.equal(
      decideNew({ entry: { isFile: false, md5: null }, occupant: { ...occupant, isFile: false, md5: null } }),
      'join',
    ));
});

describe('what becomes of a row that is listed no more', () => {
  const row = {
    isFile: true,
    isRemoved: false,
    hasMoved: false,
    isEdited: false,
    isOpenForWriting: false,
    isReplaced: false,
    hasOtherChildren: false,
    hasWaitingChildren: false,
  };
  it('goes where nothing of ours is in it', () => assert.equal(decideVanished(row), 'drop'));
  it('stays where it was edited', () => assert.equal(decideVanished({ ...row, isEdited: true }), 'keep'));
  it('stays where it was moved', () => assert.equal(decideVanished({ ...row, hasMoved: true }), 'keep'));
  it('goes where it was removed here too', () =>
    assert.equal(decideVanished({ ...row, isRemoved: true, isEdited: true }), 'drop'));
  it('waits while somebody has it open for writing', () =>
    assert.equal(decideVanished({ ...row, isOpenForWriting: true }), 'wait'));
  it('stays where it is open for writing and its name is taken by another', () =>
    assert.equal(decideVanished({ ...row, isOpenForWriting: true, isReplaced: true }), 'keep'));
  it('stays as a folder with something of ours in it', () =>
    assert.equal(decideVanished({ ...row, isFile: false, hasOtherChildren: true }), 'keep'));
  it('waits as a folder with something that waits', () =>
    assert.equal(decideVanished({ ...row, isFile: false, hasWaitingChildren: true }), 'wait'));
});
