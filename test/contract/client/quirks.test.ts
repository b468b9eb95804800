import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { parseQuirks, type Quirks, quirkTable } from '../../emulator/quirks.ts';
import { type EmulatorWorld, openEmulatorWorld } from './emulatorWorld.ts';
import { cases, casesForWholeAccount } from './suite.ts';
import { type AccountCase, type FolderCase, rightAnswers } from './world.ts';

/** One way the service may be: the defaults, or one quirk at another value. */
interface Setting {
  readonly name: string;
  readonly quirks: Quirks;
}

interface Result {
  passed: number;
  /** What the cases with a guess saw. */
  readonly answers: Map<string, string>;
}

/** A case takes milliseconds; this is for a machine that is busy with other things. */
const caseDeadlineMs = 60_000;

const settings: readonly Setting[] = [
  { name: 'defaults', quirks: parseQuirks() },
  ...Object.entries(quirkTable).flatMap(([quirk, [, ...others]]) =>
    others.map((value) => ({ name: `quirk ${quirk}=${value}`, quirks: parseQuirks({ [quirk]: value }) })),
  ),
];

const results = new Map<string, Result>();

for (const setting of settings) describeSetting(setting);

describe('the client contract', () => {
  it('holds under every value of every quirk', (test) => {
    const all = cases.length + casesForWholeAccount.length;
    for (const line of tableOf(all)) test.diagnostic(line);
    assert.deepEqual(
      [...results.keys()],
      settings.map(({ name }) => name),
    );
    for (const [name, { passed }] of results) assert.equal(passed, all, name);
  });
});

function describeSetting({ name, quirks }: Setting): void {
  describe(name, () => {
    const stop = new AbortController();
    let emulator: Emulator;
    let world: EmulatorWorld;
    const result: Result = { passed: 0, answers: new Map() };

    before(async () => {
      results.set(name, result);
      emulator = await startEmulator({ quirks });
      world = await openEmulatorWorld(emulator, stop.signal);
    });
    after(async () => {
      stop.abort();
      world?.close();
      await emulator?.close();
    });

    async function check(one: FolderCase | AccountCase): Promise<void> {
      const answer = (await one.run(await world.newWorld())) ?? undefined;
      if (answer !== undefined) result.answers.set(one.name, answer);
      const right = rightAnswers(one, quirks);
      if ('guess' in one) assert.ok(right.includes(answer ?? ''), `${answer}, not ${right.join(' or ')}`);
      result.passed += 1;
    }

    describe(`${name}: each in its folder`, { concurrency: true }, () => {
      for (const one of cases) it(`${name}: ${one.name}`, { timeout: caseDeadlineMs }, () => check(one));
    });
    describe(`${name}: the whole account`, () => {
      for (const one of casesForWholeAccount) it(`${name}: ${one.name}`, { timeout: caseDeadlineMs }, () => check(one));
    });
  });
}

function* tableOf(all: number): Generator<string> {
  const usual = results.get('defaults')?.answers;
  const width = Math.max(...settings.map(({ name }) => name.length));
  for (const { name } of settings) {
    const { passed = 0, answers = [] } = results.get(name) ?? {};
    const other = [...answers].filter(([one, answer]) => name !== 'defaults' && usual?.get(one) !== answer);
    const seen = other.map(([one, answer]) => `${one}: ${answer}`).join('; ');
    yield `${name.padEnd(width)}  ${passed}/${all}  ${seen || 'as by default'}`;
  }
}
