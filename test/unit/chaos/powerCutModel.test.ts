import assert from 'node:assert/strict';
import { it } from 'node:test';
import { checkServer } from '../../chaos/checkServer.ts';
import { apply, type Change } from '../../chaos/content.ts';
import { newCounts } from '../../chaos/counts.ts';
import { type Entry, type FileState, Model } from '../../chaos/model.ts';
import { acknowledge, getCopied, getStable, loseNewest, noteDoubt } from '../../chaos/powerCut.ts';
import type { Outcome, Stage } from '../../chaos/stage.ts';
import { Violation } from '../../chaos/violation.ts';
import { WindowActor } from '../../chaos/windowActor.ts';
import { md5 } from '../../support/md5.ts';

const [older, newer, newest] = ['what was there before', 'closed a moment ago', 'closed later'].map((text) =>
  Buffer.from(text),
) as [Buffer, Buffer, Buffer];
const write: Change = { kind: 'write', position: 5, bytes: Buffer.from('XYZ') };

/** A file that has long held `older`, and was given `newer` right before the power went. */
function cutFile(model: Model, name: string): Entry & { file: NonNullable<Entry['file']> } {
  const entry = model.add(model.root, name, older);
  const { file } = entry;
  assert.ok(file);
  entry.changedAt = Number.NEGATIVE_INFINITY;
  file.acknowledged = [{ contents: [older], at: Number.NEGATIVE_INFINITY, changes: [], torn: [] }];
  acknowledge(file, [newer]);
  model.note(newer, 'test');
  file.view = newer;
  loseNewest(model, performance.now());
  assert.deepEqual(getStable(file), [older, newer]);
  return Object.assign(entry, { file });
}

/** What a check says about a server that has this and nothing else. */
function check(model: Model, path: string, content: Buffer): Promise<string[]> {
  const file = { md5: md5(content), size: content.length, mtimeSec: 1 };
  const revision = { path, md5: file.md5, isLive: true };
  const server = { folders: new Set<string>(), files: new Map([[path, file]]), revisions: [revision], unfinished: [] };
  return checkServer(model, { server, setAside: [], load: async () => content });
}

it('the model of a fault run knows that what is written after a cut of the power may rest on either content', async () => {
  for (const base of [older, newer]) {
    const model = new Model();
    const { file } = cutFile(model, 'file');
    // The program chose the file before the cut, and did not know what it wrote to.
    file.changes.push(write);
    assert.deepEqual(await check(model, 'file', apply(base, write)), []);
    // Also when the next save makes it an older version.
    noteDoubt(file, file.changes);
    acknowledge(file, [newest]);
    file.changes = [];
    const findings = await check(model, 'file', apply(base, write));
    assert.ok(!findings.some((finding) => finding.startsWith('a content nobody wrote')), String(findings));
  }
  const model = new Model();
  cutFile(model, 'file').file.changes.push(write);
  const [finding] = await check(model, 'file', apply(Buffer.from('bytes of nobody at all'), write));
  assert.match(String(finding), /^a content nobody wrote/);
});

it('the model of a fault run knows that a second cut of the power may leave what the first left', async () => {
  const model = new Model();
  const { file } = cutFile(model, 'file');
  acknowledge(file, [newest]);
  model.note(newest, 'test');
  loseNewest(model, performance.now());
  for (const left of [older, newer, newest]) assert.deepEqual(await check(model, 'file', left), []);
  const findings = await check(model, 'file', Buffer.from('neither'));
  assert.ok(findings.some((finding) => finding.startsWith('LOST: file held')));
});

it('the model of a fault run knows that a cut of the power may leave a part of what was closed right before', async () => {
  const model = new Model();
  const file = model.add(model.root, 'file', older).file as FileState;
  for (const change of [write, { ...write, position: 9 }]) {
    file.changes = [change];
    acknowledge(file, [apply(getStable(file)[0] as Buffer, change)]);
    file.changes = [];
  }
  const torn = apply(older, { ...write, bytes: Buffer.from('X') });
  assert.match(String(await check(model, 'file', torn)), /a content nobody wrote/);
  loseNewest(model, performance.now());
  assert.deepEqual(await check(model, 'file', torn), []);
});

it('the model of a fault run knows that a cut of the power takes back what the drive has just learned of others', async () => {
  for (const isNews of [true, false]) {
    const model = new Model();
    if (isNews) model.contest('file', newer);
    model.restart([], new Map([['file', newer]]));
    loseNewest(model, performance.now());
    assert.equal(model.isContested('file'), isNews);
  }
});

it('the model of a fault run knows that a copy asked for before a cut of the power is of what that left', () => {
  const model = new Model();
  assert.deepEqual(getCopied(newer, cutFile(model, 'source')), [newer, older, newer]);
  const untouched = model.add(model.root, 'untouched', newer);
  assert.deepEqual(getCopied(newer, untouched), [newer]);
});

it('the model of a fault run knows that a file made right before a cut of the power may be missing for its copy', async () => {
  const missing: Outcome<never> = { code: 'ENOENT', disturbed: false, mayBeFull: false, cancelled: false };
  const copy = async (whileAsked: (model: Model) => void) => {
    const model = new Model();
    const source = model.add(model.root, 'source', newer);
    const window = new WindowActor(fakeStage(model), 'window');
    await window.put({ folder: model.root, name: 'copy' }, { content: newer, source }, 'copy', async () => {
      whileAsked(model);
      return missing;
    });
    return model.find('copy');
  };
  assert.equal(await copy((model) => loseNewest(model, performance.now())), undefined);
  const unexplained = new Violation(['copy copy answered ENOENT; nothing going on explains that']);
  await assert.rejects(
    copy(() => {}),
    unexplained,
  );
});

/** No operation reaches a drive. */
function fakeStage(model: Model): Stage {
  const weather = { faults: false, corrupt: false, signedOut: false, killed: true, outage: false, powerCut: true };
  return { model, weather, counts: newCounts() } as unknown as Stage;
}
