import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { describe, it, type TestContext } from 'node:test';
import { root } from '../../../tools/setup/root.ts';
import { cases } from '../../contract/client/suite.ts';
import { parseQuirks, type QuirkName, type Quirks, quirkTable } from '../../emulator/quirks.ts';
import { noTreeListing } from '../../live/probes/documents.ts';
import { noNamesake } from '../../live/probes/trash.ts';
import { tempFolder } from '../../support/emulation.ts';

/** Two runs take half a minute; this is for a machine that is busy with other things. */
const deadlineMs = 240_000;

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
  // Without it nobody could ask about its folders.
  last: { ...eachAt((values) => values.at(-1)), liststream: 'given' },
};

/** Questions that other answers leave without meaning. */
function moots({ moveFolderOntoTrashed, liststream }: Quirks): Record<string, string> {
  return {
    ...(moveFolderOntoTrashed === 'live' ? {} : { rmDirRecreated: noNamesake }),
    ...(liststream === 'given' ? {} : { liststreamFolders: noTreeListing }),
  };
}

describe('npm run test:live', { concurrency: 2 }, () => {
  for (const [what, given] of Object.entries(settings)) {
    it(`settles every question it asks, with every quirk at its ${what} value`, {
      timeout: deadlineMs,
    }, async (test) => {
      const folder = await tempFolder(test);
      const emulator = await startEmulator(test, quirkFlags(given));
      const findings = path.join(folder, 'first.json');
      const { code, out, err } = await runLive(test, emulator, [
        '--yes',
        '--reuse-spent-tokens',
        '--findings',
        findings,
      ]);
      const answers = answersIn(out);
      const quirks = parseQuirks(given);
      for (const [name, answer] of answers) {
        assert.equal(answer, moots(quirks)[name] ?? quirks[name as QuirkName], name);
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

      const found = JSON.parse(await readFile(findings, 'utf8'));
      assert.ok(Object.keys(found.quirks).length > 40);
      assert.deepEqual(found.unlike, moots(quirks));
      const again = path.join(folder, 'second.json');
      const twin = await startEmulator(test, ['--quirks', findings]);
      await runLive(test, twin, ['--yes', '--reuse-spent-tokens', '--findings', again]);
      assert.deepEqual(JSON.parse(await readFile(again, 'utf8')), found, 'an emulator with the findings is no twin');
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
    const emulator = await startEmulator(test);
    const child = spawnLive(test, emulator, ['--yes', '--findings', path.join(await tempFolder(test), 'found.json')]);
    const finished = finish(child);
    await waitForLine(child, (line) => line.startsWith('ok '));
    child.kill('SIGTERM');
    assert.notEqual((await finished).code, 0);
    assert.deepEqual(await liveNames(emulator), []);
  });

  it('says what it will do, and does nothing without a yes: the login token stays good', {
    timeout: deadlineMs,
  }, async (test) => {
    const emulator = await startEmulator(test);
    for (const answer of ['', 'n\n', 'perhaps\n']) {
      const child = spawnLive(test, emulator);
      child.stdin?.end(answer);
      const [{ code }, out] = await Promise.all([finish(child), text(child.stdout as NodeJS.ReadableStream)]);
      assert.equal(code, 1);
      assert.match(out, /makes one folder in \/Jotta\/Archive/);
      assert.match(out, /Nothing was done\./);
    }
    assert.deepEqual(await requestsOf(emulator), {});
    const child = spawnLive(test, emulator, ['--findings', path.join(await tempFolder(test), 'found.json')]);
    child.stdin?.end('y\n');
    await waitForLine(child, (line) => line.includes('Signed in.'));
  });

  it('asks about spent tokens only when told to, and leaves the sign-in good otherwise', {
    timeout: deadlineMs,
  }, async (test) => {
    const emulator = await startEmulator(test, ['--token-lifetime', '4']);
    const findings = path.join(await tempFolder(test), 'found.json');
    const { code, out, err } = await runLive(test, emulator, ['--yes', '--findings', findings]);
    assert.equal(code, 0, out + err);
    assert.match(out, /\[reuseMessage\]: not asked, it ends the sign-in/);
    const { token, customer } = await requestsOf(emulator);
    assert.ok((token ?? 0) > 3, 'tokens that live four seconds were renewed on the way');
    assert.ok((customer ?? 0) > 0);
    assert.equal('reuseMessage' in JSON.parse(await readFile(findings, 'utf8')).quirks, false);
  });

  it('puts what a killed run left into the trash, but not what may be of a run at work, nor anything else', {
    timeout: deadlineMs,
  }, async (test) => {
    const seed = await tempFolder(test);
    const now = new Date().toISOString().replace(/[-:]|\..*$/g, '');
    const stays = [`jottacloud-vscode-contract-${now}-0badcafe`, 'jottacloud-vscode-contract-mine', 'Notes'];
    for (const name of ['jottacloud-vscode-contract-20260101T000000-deadbeef', ...stays]) {
      await mkdir(path.join(seed, name));
      await writeFile(path.join(seed, name, 'file.txt'), 'kept');
    }
    const emulator = await startEmulator(test, ['--seed', seed]);
    const child = spawnLive(test, emulator, ['--yes', '--findings', path.join(await tempFolder(test), 'found.json')]);
    const finished = finish(child);
    await waitForLine(child, (line) => line.startsWith('ok '));
    child.kill('SIGTERM');
    await finished;
    const kept = (await liveNames(emulator)).filter((name) => name.endsWith('file.txt'));
    assert.deepEqual(kept.sort(), stays.map((name) => `/Jotta/Archive/${name}/file.txt`).sort());
  });

  for (const [what, flags, reason] of [
    ['locked for changes', ['--write-locked'], /^The account is locked \(/m],
    ['locked for reading', ['--read-locked'], /^The account is locked \(/m],
    ['nearly full', ['--capacity', String(512 * 1024 ** 2)], /^The account has less than 1 GiB left/m],
  ] as const) {
    it(`refuses an account that is ${what}, and changes nothing there`, { timeout: deadlineMs }, async (test) => {
      const emulator = await startEmulator(test, flags);
      const findings = path.join(await tempFolder(test), 'found.json');
      const { code, err } = await runLive(test, emulator, ['--yes', '--findings', findings]);
      assert.equal(code, 1);
      assert.match(err, reason);
      assert.deepEqual(await liveNames(emulator), []);
      assert.equal(existsSync(findings), false);
    });
  }
});

/** `[quirk] → answer` of each line that has both. */
function answersIn(out: string): Map<string, string> {
  return new Map([...out.matchAll(/^ {2}.* \[(\w+)\] → (.*)$/gm)].map(([, name = '', answer = '']) => [name, answer]));
}

function answersWithout(out: string): number {
  return [...out.matchAll(/^ {2}(?!.*\]).* → /gm)].length;
}

function quirkFlags(quirks: Record<string, string>): string[] {
  return Object.entries(quirks).flatMap(([name, value]) => ['--quirk', `${name}=${value}`]);
}

async function startEmulator(test: TestContext, flags: readonly string[] = []): Promise<Emulator> {
  const child = start(test, ['test/emulator/main.ts', ...flags], {});
  const [line] = (await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')) as [string];
  return JSON.parse(line) as Emulator;
}

function spawnLive(test: TestContext, { url, loginToken }: Emulator, flags: readonly string[] = []): ChildProcess {
  const env = { JOTTACLOUD_ENDPOINT: url, JOTTACLOUD_LOGIN_TOKEN: loginToken };
  return start(test, ['test/live/main.ts', ...flags], env);
}

async function runLive(test: TestContext, emulator: Emulator, flags: readonly string[] = []): Promise<Finished> {
  const child = spawnLive(test, emulator, flags);
  const [finished, out] = await Promise.all([finish(child), text(child.stdout as NodeJS.ReadableStream)]);
  return { ...finished, out };
}

async function waitForLine(child: ChildProcess, isIt: (line: string) => boolean): Promise<void> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) if (isIt(line)) return;
  assert.fail('it ended before that line');
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

async function requestsOf({ url }: Emulator): Promise<Record<string, number>> {
  const stats = (await (await fetch(`${url}/_emulator/stats`)).json()) as { requests: Record<string, number> };
  return stats.requests;
}

async function liveNames({ url }: Emulator): Promise<string[]> {
  const items = (await (await fetch(`${url}/_emulator/tree`)).json()) as { path: string }[];
  return items.map(({ path }) => path).filter((path) => path.startsWith('/Jotta/'));
}
