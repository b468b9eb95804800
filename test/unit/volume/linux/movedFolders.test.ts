import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { opcodes } from '../../../../src/volume/linux/layouts.ts';
import { MovedFolders } from '../../../../src/volume/linux/movedFolders.ts';

const [thread, other, folder, above] = [7, 8, 42, 41];

function moved(): MovedFolders {
  const folders = new MovedFolders();
  folders.note(folder);
  return folders;
}

describe('a folder that was moved elsewhere', () => {
  it('is taken as refused by a thread that finds it twice and asks for nothing else between', () => {
    const folders = moved();
    assert.equal(folders.isRefused(thread, folder), false);
    folders.noteRequest(thread, opcodes.lookup, above);
    assert.equal(folders.isRefused(thread, folder), true);
  });

  it('is not where the thread looked into it, or did something, in between', () => {
    for (const [opcode, ino] of [
      [opcodes.lookup, folder],
      [opcodes.rename2, above],
    ] as const) {
      const folders = moved();
      folders.isRefused(thread, folder);
      folders.noteRequest(thread, opcode, ino);
      assert.equal(folders.isRefused(thread, folder), false);
    }
  });

  it('is not by two threads, nor by one that nobody can tell from others', () => {
    const folders = moved();
    assert.deepEqual(
      [thread, other, 0, 0].map((pid) => folders.isRefused(pid, folder)),
      [false, false, false, false],
    );
  });

  it('is asked for once more to see whether its alias still stands', () => {
    const folders = moved();
    const answers = Array.from({ length: 5 }, () => folders.isRefused(thread, folder));
    assert.deepEqual(answers, [false, true, false, false, true]);
  });

  it('is looked at anew once it is moved again', () => {
    const folders = moved();
    folders.isRefused(thread, folder);
    folders.note(folder);
    assert.equal(folders.isRefused(thread, folder), false);
  });
});

it('a folder that stayed where it was is never refused', () => {
  const folders = moved();
  assert.deepEqual(
    [1, 2, 3].map(() => folders.isRefused(thread, above)),
    [false, false, false],
  );
});
