import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startEmulator } from '../../emulator/emulator.ts';
import { parseQuirks, type QuirkName, type Quirks, quirkTable } from '../../emulator/quirks.ts';
import { openEmulatorWorld } from './emulatorWorld.ts';
import { cases, casesForWholeAccount } from './suite.ts';
import { type AccountCase, type FolderCase, rightAnswers } from './world.ts';

type Case = FolderCase | AccountCase;

/** One quirk at another value than its default. */
interface Setting {
  readonly name: string;
  readonly quirk: QuirkName;
  readonly quirks: Quirks;
}

interface Result {
  readonly chosen: number;
  passed: number;
  /** What the cases with a guess saw. */
  readonly answers: Map<string, string>;
}

/** A case takes milliseconds; this is for a machine that is busy with other things. */
const caseDeadlineMs = 60_000;

const settings: readonly Setting[] = Object.entries(quirkTable).flatMap(([quirk, [, ...others]]) =>
  others.map((value) => ({
    name: `quirk ${quirk}=${value}`,
    quirk: quirk as QuirkName,
    quirks: parseQuirks({ [quirk]: value }),
  })),
);

const all: readonly Case[] = [...cases, ...casesForWholeAccount];
const results = new Map<string, Result>();
/** Quirks on which what a case saw may have depended; absent for a case that failed by default. */
const asked = new Map<Case, ReadonlySet<QuirkName>>();

test('defaults', async (context) => {
  const seen = new Set<QuirkName>();
  await withWorld(
    parseQuirks(),
    (quirk) => seen.add(quirk),
    async (check) => {
      const atStart = [...seen];
      const result = openResult('defaults', all);
      for (const one of all) {
        await context.test(`defaults: ${one.name}`, { timeout: caseDeadlineMs }, async () => {
          seen.clear();
          await check(one, result);
          asked.set(one, new Set([...atStart, ...seen]));
        });
      }
    },
  );
});

// A case that no answer depends on a quirk for sees the same with it as without: it need not run again.
for (const setting of settings) {
  test(setting.name, { concurrency: true }, (context) => checkSetting(context, setting));
}

test('the client contract holds under every value of every quirk', (context) => {
  for (const line of tableOf()) context.diagnostic(line);
  assert.deepEqual([...results.keys()], ['defaults', ...settings.map(({ name }) => name)]);
  for (const [name, { passed, chosen }] of results) assert.equal(passed, chosen, name);
});

async function checkSetting(context: TestContext, { name, quirk, quirks }: Setting): Promise<void> {
  const depends = (one: Case) => asked.get(one)?.has(quirk) ?? true;
  const result = openResult(name, all.filter(depends));
  if (result.chosen === 0) return;
  await withWorld(quirks, undefined, async (check) => {
    const run = (one: Case) =>
      context.test(`${name}: ${one.name}`, { timeout: caseDeadlineMs }, () => check(one, result));
    await Promise.all(cases.filter(depends).map(run));
    for (const one of casesForWholeAccount.filter(depends)) await run(one);
  });
}

function openResult(name: string, chosen: readonly Case[]): Result {
  const result: Result = { chosen: chosen.length, passed: 0, answers: new Map() };
  results.set(name, result);
  return result;
}

/** Lends `work` a check of single cases on an emulator with these quirks. */
async function withWorld(
  quirks: Quirks,
  onQuirk: ((quirk: QuirkName) => void) | undefined,
  work: (check: (one: Case, result: Result) => Promise<void>) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const emulator = await startEmulator({ quirks, ...(onQuirk && { onQuirk }) });
  try {
    const world = await openEmulatorWorld(emulator, stop.signal);
    await work(async (one, result) => {
      const answer = (await one.run(await world.newWorld())) ?? undefined;
      if (answer !== undefined) result.answers.set(one.name, answer);
      const right = rightAnswers(one, quirks);
      if ('guess' in one) assert.ok(right.includes(answer ?? ''), `${answer}, not ${right.join(' or ')}`);
      result.passed += 1;
    });
    stop.abort();
    world.close();
  } finally {
    await emulator.close();
  }
}

function* tableOf(): Generator<string> {
  const usual = results.get('defaults')?.answers;
  const width = Math.max(...settings.map(({ name }) => name.length));
  for (const [name, { passed, chosen, answers }] of results) {
    const other = [...answers].filter(([one, answer]) => name !== 'defaults' && usual?.get(one) !== answer);
    const seen = other.map(([one, answer]) => `${one}: ${answer}`).join('; ');
    yield `${name.padEnd(width)}  ${passed}/${chosen}  ${seen || 'as by default'}`;
  }
}
