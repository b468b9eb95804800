import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { parseQuirks, type QuirkName, quirkTable } from '../../emulator/quirks.ts';
import { noNamesake } from '../../live/probes/trash.ts';
import { root } from '../../setup/root.ts';
import { cases } from './suite.ts';

/** A run takes seconds; this is for a machine that is busy with other things. */
const deadlineMs = 120_000;

interface Emulator {
  readonly url: string;
  readonly loginToken: string;
}

interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** One value of every quirk. */
function eachAt(choose: (values: readonly string[]) => string | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(quirkTable).map(([name, values]) => [name, choose(values) ?? values[0]]));
}

/** Between them, every value of the quirks that have up to three. */
const settings = {
  first: eachAt((values) => values[0]),
  // Namesakes of trashed folders can be made only here and at the first values.
  middle: { ...eachAt((values) => (values.length > 2 ? values[1] : values[0])), rmDirRecreated: 'live-only' },
  last: eachAt((values) => values.at(-1)),
};

describe('npm run test:live', { concurrency: true }, () => {
  for (const [what, given] of Object.entries(settings)) {
    it(`settles every question it asks, with every quirk at its ${what} value`, {
      timeout: deadlineMs,
    }, async (test) => {
      const emulator = await startEmulator(test, given);
      const { code, out, err } = await runLive(test, emulator);
      const answers = answersIn(out);
      const quirks = parseQuirks(given);
      for (const [name, answer] of answers) {
        const moot = name === 'rmDirRecreated' && quirks.moveFolderOntoTrashed !== 'live';
        assert.equal(answer, moot ? noNamesake : quirks[name as QuirkName], name);
      }
      const notAsked = out.split('\n').filter((line) => line.includes(': not asked, '));
      const silent = Object.keys(quirkTable).filter(
        (name) => !answers.has(name) && !notAsked.some((line) => line.includes(`[${name}]`)),
      );
      assert.deepEqual(silent, [], 'quirks nobody asked about');
      assert.equal(code, 0, out + err);
      assert.match(out, new RegExp(`^${cases.length + answersWithout(out) + answers.size} passed, 0 failed$`, 'm'));
      assert.ok(!(out + err).includes(emulator.loginToken));
      assert.deepEqual(await liveNames(emulator), [], 'something of the run was left in the account');
    });
  }

  it('says what it needs when there is no login token', { timeout: deadlineMs }, async (test) => {
    const { code, out, err } = await runLive(test, { url: '', loginToken: '' });
    assert.deepEqual([code, out], [2, '']);
    assert.match(err, /JOTTACLOUD_LOGIN_TOKEN/);
  });

  it('repeats nothing of a login token that is none', { timeout: deadlineMs }, async (test) => {
    const { code, out, err } = await runLive(test, { url: '', loginToken: 'c2VjcmV0LXBhcnQ' });
    assert.equal(code, 1);
    assert.doesNotMatch(out + err, /c2VjcmV0|secret/);
  });

  it('puts its folder in the trash when it is interrupted', { timeout: deadlineMs }, async (test) => {
    const emulator = await startEmulator(test, {});
    const child = spawnLive(test, emulator);
    const finished = finish(child);
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      if (line.startsWith('ok ')) break;
    }
    child.kill('SIGTERM');
    assert.notEqual((await finished).code, 0);
    assert.deepEqual(await liveNames(emulator), []);
  });
});

/** `[quirk] → answer` of each line that has both. */
function answersIn(out: string): Map<string, string> {
  return new Map([...out.matchAll(/^ {2}.* \[(\w+)\] → (.*)$/gm)].map(([, name = '', answer = '']) => [name, answer]));
}

function answersWithout(out: string): number {
  return [...out.matchAll(/^ {2}(?!.*\]).* → /gm)].length;
}

async function startEmulator(test: TestContext, quirks: Record<string, string>): Promise<Emulator> {
  const args = Object.entries(quirks).flatMap(([name, value]) => ['--quirk', `${name}=${value}`]);
  const child = start(test, ['test/emulator/main.ts', ...args], {});
  const [line] = (await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')) as [string];
  return JSON.parse(line) as Emulator;
}

function spawnLive(test: TestContext, { url, loginToken }: Emulator): ChildProcess {
  return start(test, ['test/live/main.ts'], { JOTTACLOUD_ENDPOINT: url, JOTTACLOUD_LOGIN_TOKEN: loginToken });
}

async function runLive(test: TestContext, emulator: Emulator): Promise<Finished> {
  const child = spawnLive(test, emulator);
  const [finished, out] = await Promise.all([finish(child), text(child.stdout as NodeJS.ReadableStream)]);
  return { ...finished, out };
}

async function finish(child: ChildProcess): Promise<Finished> {
  const [[code], err] = await Promise.all([
    once(child, 'exit') as Promise<[number | null]>,
    text(child.stderr as NodeJS.ReadableStream),
  ]);
  return { code, out: '', err };
}

function start(test: TestContext, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...env } });
  test.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill();
    await gone;
  });
  return child;
}

async function liveNames({ url }: Emulator): Promise<string[]> {
  const items = (await (await fetch(`${url}/_emulator/tree`)).json()) as { path: string }[];
  return items.map(({ path }) => path).filter((path) => path.startsWith('/Jotta/'));
}
