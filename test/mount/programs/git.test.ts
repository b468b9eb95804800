import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertSame, openStage, type Stage } from './support.ts';

const identity = { GIT_AUTHOR_NAME: 'A', GIT_AUTHOR_EMAIL: 'a@example.com' };
const env = { ...identity, GIT_COMMITTER_NAME: 'A', GIT_COMMITTER_EMAIL: 'a@example.com', GIT_TERMINAL_PROMPT: '0' };
const commits = 220;

/** A fast-import stream: a history with edits, renames, a binary, a symbolic link, a script, a branch and tags. */
function writeHistory(): string {
  const lines: string[] = [];
  const data = (text: string) => lines.push(`data ${Buffer.byteLength(text)}`, text);
  const file = (mode: string, path: string, text: string) => {
    lines.push(`M ${mode} inline ${path}`);
    data(text);
  };
  const commit = (branch: string, index: number) => {
    lines.push(`commit refs/heads/${branch}`, `mark :${index + 1}`);
    lines.push(`committer A <a@example.com> ${1_600_000_000 + index} +0000`);
    data(`change ${index}`);
  };
  for (let index = 0; index < commits; index += 1) {
    commit('main', index);
    file('100644', `source/folder ${index % 7}/module-${index % 31}.ts`, `export const value = ${index};\n`.repeat(5));
    if (index === 0) {
      file('100755', 'run.sh', '#!/bin/sh\necho "it runs"\n');
      file('120000', 'link to module', 'source/folder 0/module-0.ts');
      file('100644', 'image.bin', String.fromCharCode(...Array.from({ length: 4_096 }, (_, i) => i % 128)));
    }
    if (index === 100) lines.push('R image.bin assets/renamed.bin');
    if (index % 50 === 0) lines.push(`reset refs/tags/v${index}`, 'from refs/heads/main', '');
  }
  for (let index = 0; index < 5; index += 1) {
    commit('topic', commits + index);
    if (index === 0) lines.push(`from :${commits - 10}`);
    file('100644', `topic/new-${index}.txt`, `topic ${index}\n`);
  }
  return `${lines.join('\n')}\ndone\n`;
}

describe('git on the volume', () => {
  let stage: Stage;
  const git = (script: string) => stage.sh(script, { cwd: join(stage.mount, 'repo'), env });
  /** Files that git would have to read again, because their stat data is not what the index remembers. */
  const staleEntries = () => git('git diff-files --name-only');

  before(async () => {
    stage = await openStage();
    const origin = join(stage.local, 'origin.git');
    await stage.sh(`git init -q --bare -b main '${origin}'`, { env });
    await stage.sh('git fast-import --quiet --done', { env, cwd: origin, input: writeHistory() });
  });
  after(() => stage.close());

  it('clones a history with branches, tags, renames, a symbolic link and a script; the clone is sound and clean', async () => {
    await stage.sh(`git clone -q 'file://${stage.local}/origin.git' repo`, { env });
    assert.equal(await git('git rev-list --count HEAD; git tag | wc -l'), `${commits}\n5\n`);
    assert.equal(await git('git fsck --full --strict 2>&1; git status --porcelain'), '');
    assert.equal(await git(`readlink 'link to module'; ./run.sh`), 'source/folder 0/module-0.ts\nit runs\n');
    assert.equal(await git('git config core.symlinks || echo symlinks; git config core.filemode'), 'symlinks\ntrue\n');
    assert.equal(await staleEntries(), '');
  });

  it('commits, branches, merges, rebases and stashes', async () => {
    await git(`
      git checkout -q -b work
      for i in 1 2 3 4 5; do echo "line $i" >> notes.txt; git add notes.txt; git commit -q -m "note $i"; done
      git merge -q --no-edit origin/topic
      git checkout -q -b linear origin/topic
      echo more > topic/new-9.txt; git add .; git commit -q -m more
      git rebase -q main
      git mv assets/renamed.bin assets/again.bin; git commit -q -m rename
      echo dirty >> run.sh; git stash -q; git diff --quiet; git stash pop -q
      git checkout -q run.sh
      git checkout -q work
      git tag done
    `);
    const counted = await git('git log --oneline main..work | wc -l; git log --oneline main..linear | wc -l');
    assert.equal(counted, '11\n7\n');
    assert.equal(await git('git status --porcelain; git fsck --full --strict 2>&1 | grep -v dangling || true'), '');
  });

  it('keeps what git remembers of each file while it is uploaded: nothing is read again', async () => {
    await assertSame(stage);
    assert.equal(await staleEntries(), '');
  });

  it('is clean after a remount: what git reads again, once, comes from the cache', async () => {
    await stage.remount();
    stage.world.emulator.resetStats();
    assert.equal(await git('git status --porcelain; git update-index --refresh; git diff-files --name-only'), '');
    assert.equal(stage.world.emulator.stats().requests.download, undefined);
  });

  it('packs everything with gc, and another computer that fetches the folder has the same repository', async () => {
    await git('git gc -q --prune=now');
    assert.equal(await git('git count-objects'), '0 objects, 0 kilobytes\n');
    assert.equal(await git('git fsck --full --strict 2>&1'), '');
    await assertSame(stage);
    const copy = join(stage.local, 'fetched');
    await stage.world.rclone('copy', '--links', 'remote:repo', copy);
    const head = await git('git rev-parse work main linear');
    // Git leaves empty folders behind and needs refs/; rclone does not create empty ones.
    const there = await stage.sh(
      'mkdir -p .git/refs; git fsck --full --strict 2>&1; git -c core.fileMode=false status --porcelain; git rev-parse work main linear',
      { cwd: copy, env },
    );
    assert.equal(there, head);
    await rm(copy, { recursive: true });
  });

  it('clones by path where hard links are asked for, and pushes between repositories of the volume', async () => {
    await stage.sh(
      `
      git clone -q repo second
      cd second
      git checkout -q -b pushed; echo x > x; git add x; git commit -q -m x
      git push -q origin pushed
      cd ..; git -C repo fsck --full --strict 2>&1
      test "$(git -C repo rev-parse pushed)" = "$(git -C second rev-parse HEAD)"
      rm -rf second
      `,
      { env },
    );
    await stage.finish();
  });
});
