import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertOneRevision, listDocuments, sideBySide, untilPushed } from './saves.ts';
import { openStage, type Stage } from './support.ts';

/** Unless told not to, vim takes no care with files below /tmp. */
const vim = `vim -es -N -u NONE -i NONE --cmd 'set backupskip='`;
/** A program on a terminal: what to wait for on its screen, and the keys to press then, in pairs. */
const onTerminal = (command: string, ...dialogue: readonly string[]) =>
  ['python3', join(import.meta.dirname, 'dialogue.py'), command, ...dialogue].map((word) => `'${word}'`).join(' ');
const nanoDialogue = ['Help', 'typed \\x0f', 'Cancel', '\\r', 'Wrote', '\\x18'] as const;

interface Save {
  readonly editor: string;
  /** Changes and saves document.txt in the current folder. */
  readonly script: string;
  /** What the editor leaves beside the document: files of the user, sent like any other. */
  readonly leaves?: readonly string[];
}

const saves: readonly Save[] = [
  { editor: 'vim with backupcopy=auto', script: `${vim} -c 'set bkc=auto' -c 'normal Gosaved' -c wq document.txt` },
  { editor: 'vim with backupcopy=yes', script: `${vim} -c 'set bkc=yes' -c 'normal Gosaved' -c wq document.txt` },
  { editor: 'vim with backupcopy=no', script: `${vim} -c 'set bkc=no' -c 'normal Gosaved' -c wq document.txt` },
  { editor: 'vim without swap file', script: `${vim} -n -c 'normal Gosaved' -c wq document.txt` },
  {
    editor: 'vim that is left with :q after two saves',
    script: `${vim} -c 'normal Goa' -c w -c 'normal Gob' -c w -c q document.txt`,
  },
  {
    editor: 'vim on a terminal, with a swap file and an undo file',
    script: onTerminal(
      'vim -N -u NONE -i NONE -c "set backupskip= undofile undodir=. directory=. updatecount=1" document.txt',
      ...['document.txt', 'Gosaved\\x1b:wq\\r'],
    ),
    leaves: ['.document.txt.un~'],
  },
  {
    editor: 'vim that keeps a backup',
    script: `${vim} -c 'set backup backupdir=. bkc=auto' -c 'normal Gosaved' -c wq document.txt`,
    leaves: ['document.txt~'],
  },
  { editor: 'nano', script: onTerminal('nano -I document.txt', ...nanoDialogue) },
  {
    editor: 'nano with a lock file and a backup',
    script: onTerminal('nano -I -B --locking document.txt', ...nanoDialogue),
    leaves: ['document.txt~'],
  },
  { editor: 'sed -i', script: `sed -i '1s/^/saved /' document.txt` },
  { editor: 'perl -pi', script: `perl -pi -e 's/^/saved /' document.txt` },
  { editor: 'perl -pi.bak', script: `perl -pi.bak -e 's/^/saved /' document.txt; rm document.txt.bak` },
  { editor: 'ed', script: `printf '%s\\n' a saved . w q | ed -s document.txt` },
  { editor: 'sort -o onto its own input', script: `sort -r -o document.txt document.txt` },
  { editor: 'patch', script: `printf -- '--- a\\n+++ b\\n@@ -1 +1 @@\\n-one\\n+saved\\n' | patch -s document.txt` },
  { editor: 'a shell that writes anew', script: `printf 'all new\\n' > document.txt` },
  { editor: 'dd into the middle', script: `printf XX | dd of=document.txt bs=1 seek=2 conv=notrunc status=none` },
  { editor: 'shred, then a shell', script: `shred -n 2 document.txt; printf 'after\\n' > document.txt` },
];

describe('an editor that saves a document of the server', () => {
  let stage: Stage;
  before(async () => {
    // Longer than an editor's save takes on a busy machine, as the real settle time is.
    stage = await openStage({ settleMs: 1_000 });
    for (const [index] of saves.entries()) {
      await stage.world.emulator.put(`/Jotta/Archive/${index}/document.txt`, 'one\ntwo\nthree\n');
    }
    await stage.sh('chmod 640 */document.txt');
  });
  after(() => stage.close());

  describe('leaves one revision more of the same file, its mode kept, and no other file is sent:', {
    concurrency: sideBySide,
  }, () => {
    for (const [index, { editor, script, leaves = [] }] of saves.entries()) {
      it(editor, async () => {
        const cwd = join(stage.mount, String(index));
        await assertOneRevision(stage, `${index}/document.txt`, () => stage.sh(script, { cwd }), leaves);
        assert.equal(await stage.sh('stat -c %a document.txt', { cwd }), '640\n');
        assert.deepEqual(
          (await listDocuments(stage, cwd)).trim().split('\n').sort(),
          [...leaves, 'document.txt'].sort(),
        );
      });
    }
  });

  it('edits what another device has changed meanwhile, without a conflict', async () => {
    await stage.world.emulator.put('/Jotta/Archive/0/document.txt', 'from elsewhere\n');
    const cwd = join(stage.mount, '0');
    await stage.sh('until grep -q elsewhere document.txt; do sleep 0.1; done', { cwd });
    await assertOneRevision(stage, '0/document.txt', () => stage.sh(saves[0]?.script ?? 'false', { cwd }));
    assert.equal(await stage.sh('cat document.txt', { cwd }), 'from elsewhere\nsaved\n');
  });

  it('holds a file with a temporary name back, and sends it when the volume is unmounted', async () => {
    const { emulator } = stage.world;
    const isSent = () => emulator.tree().some(({ path }) => path === '/Jotta/Archive/0/scratch.tmp');
    await writeFile(join(stage.mount, '0/scratch.tmp'), 'kept');
    await untilPushed(stage, '0');
    assert.equal(isSent(), false);
    await stage.finish();
    assert.equal(isSent(), true);
  });
});
