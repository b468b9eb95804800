import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertOneRevision, listDocuments, sideBySide } from './saves.ts';
import { failures, openStage, replay, type Stage, type Step } from './support.ts';

const text = 'the new text\n'.repeat(2_000);

interface Save {
  readonly application: string;
  /** The system calls of one save of doc.x in the current folder, which leaves `text` in it and nothing beside it. */
  readonly steps: readonly Step[];
}

/** Sequences of system calls as traced from the programs. */
const saves: readonly Save[] = [
  {
    application: 'VS Code',
    steps: [
      ['open', 'f', 'doc.x', 'O_WRONLY|O_CREAT|O_TRUNC'],
      ['write', 'f', text],
      ['fdatasync', 'f'],
      ['close', 'f'],
      ['size', 'doc.x'],
    ],
  },
  {
    application: 'VS Code’s atomic save',
    steps: [
      ['rewrite', 'doc.x.vsctmp', text],
      ['rename', 'doc.x.vsctmp', 'doc.x'],
    ],
  },
  {
    application: 'LibreOffice, in place under its lock file',
    steps: [
      ['create', '.~lock.doc.x#', ',user,host,23.11.2026 12:00,file:///home/user;'],
      ['open', 'f', 'doc.x', 'O_RDWR'],
      ['lock', 'f'],
      ['ftruncate', 'f', 0],
      ['write', 'f', text],
      ['fsync', 'f'],
      ['close', 'f'],
      ['unlink', '.~lock.doc.x#'],
    ],
  },
  {
    application: 'LibreOffice, through a temporary file',
    steps: [
      ['create', '.~lock.doc.x#', ',user,host,23.11.2026 12:00,file:///home/user;'],
      ['create', 'lu1234abcd.tmp', text],
      ['chmod', 'lu1234abcd.tmp', 0o644],
      ['rename', 'lu1234abcd.tmp', 'doc.x'],
      ['unlink', '.~lock.doc.x#'],
    ],
  },
  {
    application: 'Word',
    steps: [
      ['create', '~$doc.x', 'owner'],
      ['create', '~WRD0001.tmp', text],
      ['rename', 'doc.x', '~WRL0002.tmp'],
      ['rename', '~WRD0001.tmp', 'doc.x'],
      ['unlink', '~WRL0002.tmp'],
      ['unlink', '~$doc.x'],
    ],
  },
  {
    application: 'Excel',
    steps: [
      ['create', '~$doc.x', 'owner'],
      ['create', '5A3F1200', text],
      ['rename', 'doc.x', '77B0C3A1.tmp'],
      ['rename', '5A3F1200', 'doc.x'],
      ['setxattr', 'doc.x', 'user.com.apple.FinderInfo', '00'.repeat(32)],
      ['unlink', '77B0C3A1.tmp'],
      ['unlink', '~$doc.x'],
    ],
  },
  {
    application: 'TextEdit, by a rename across folders',
    steps: [
      ['mkdir', 'doc.x.sb-1a2b3c4d-e5F6g7'],
      ['create', 'doc.x.sb-1a2b3c4d-e5F6g7/doc.x', text],
      ['utime', 'doc.x.sb-1a2b3c4d-e5F6g7/doc.x', 1_700_000_000_500_000_000],
      ['rename', 'doc.x.sb-1a2b3c4d-e5F6g7/doc.x', 'doc.x'],
      ['rmdir', 'doc.x.sb-1a2b3c4d-e5F6g7'],
    ],
  },
  {
    application: 'a Cocoa application, by exchange across folders',
    steps: [
      ['mkdir', 'doc.x.sb-9z8y7x6w-V5u4T3'],
      ['create', 'doc.x.sb-9z8y7x6w-V5u4T3/doc.x', text],
      ['exchange', 'doc.x.sb-9z8y7x6w-V5u4T3/doc.x', 'doc.x'],
      ['unlink', 'doc.x.sb-9z8y7x6w-V5u4T3/doc.x'],
      ['rmdir', 'doc.x.sb-9z8y7x6w-V5u4T3'],
    ],
  },
  {
    application: 'Xcode',
    steps: [
      ['create', 'doc~.x', 'a copy of the original'],
      ['mkdir', '(A Document Being Saved By Xcode)'],
      ['create', '(A Document Being Saved By Xcode)/doc.x', text],
      ['unlink', 'doc.x'],
      ['rename', '(A Document Being Saved By Xcode)/doc.x', 'doc.x'],
      ['unlink', 'doc~.x'],
      ['rmdir', '(A Document Being Saved By Xcode)'],
    ],
  },
  {
    application: 'Emacs, with backup, auto-save file and lock link',
    steps: [
      ['symlink', 'user@host.1234:1700000000', '.#doc.x'],
      ['create', '#doc.x#', 'auto-saved'],
      ['rename', 'doc.x', 'doc.x~'],
      ['create', 'doc.x', text],
      ['chmod', 'doc.x', 0o644],
      ['unlink', '#doc.x#'],
      ['unlink', '.#doc.x'],
      ['unlink', 'doc.x~'],
    ],
  },
  {
    application: 'gedit',
    steps: [
      ['create', '.goutputstream-A1B2C3', text],
      ['chmod', '.goutputstream-A1B2C3', 0o644],
      ['rename', 'doc.x', 'doc.x~'],
      ['rename', '.goutputstream-A1B2C3', 'doc.x'],
      ['unlink', 'doc.x~'],
    ],
  },
  {
    application: 'Kate, by a link that is refused and a rename',
    steps: [
      ['create', 'doc.x.Ab12Cd', text],
      ['rename', 'doc.x.Ab12Cd', 'doc.x'],
    ],
  },
  {
    application: 'an application that maps the file',
    steps: [
      ['open', 'f', 'doc.x', 'O_RDWR|O_TRUNC'],
      ['ftruncate', 'f', text.length],
      ['close', 'f'],
      ['map', 'doc.x', 0, text],
    ],
  },
  {
    application: 'an application that saves three times in a row',
    steps: [
      ['create', 'a.tmp', 'first'],
      ['rename', 'a.tmp', 'doc.x'],
      ['create', 'a.tmp', 'second'],
      ['rename', 'a.tmp', 'doc.x'],
      ['create', 'a.tmp', text],
      ['rename', 'a.tmp', 'doc.x'],
    ],
  },
];

describe('an application that saves a document of the server, call by call', () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage({ settleMs: 1_000 });
    for (const [index] of saves.entries()) {
      await stage.world.emulator.put(`/Jotta/Archive/${index}/doc.x`, `the old text of ${index}\n`.repeat(1_000));
    }
    await stage.sh('ls -R > /dev/null');
  });
  after(() => stage.close());

  describe('leaves one revision more of the same file, and nothing else is sent or left:', {
    concurrency: sideBySide,
  }, () => {
    for (const [index, { application, steps }] of saves.entries()) {
      it(application, async () => {
        const cwd = join(stage.mount, String(index));
        await assertOneRevision(stage, `${index}/doc.x`, async () => {
          assert.deepEqual(failures(steps, await replay(stage, steps, cwd)), []);
        });
        assert.equal(await readFile(join(cwd, 'doc.x'), 'utf8'), text);
        assert.equal(await listDocuments(stage, cwd), 'doc.x\n');
      });
    }
  });

  it('is the same after a remount', () => stage.finish());
});
