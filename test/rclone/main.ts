// `npm run test:rclone-suites [package…]`: rclone's own tests of a backend against the emulator. They are known to pass on the
// real service, so that what they want of the emulator is what the real service does. Builds them first, for five minutes; Debian
// and Ubuntu only.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Emulator, startEmulator } from '../emulator/emulator.ts';
import { type Built, ensureBuilt } from './build.ts';
import { complain, readOutcomes } from './judge.ts';
import { suites } from './suites.ts';

/** Of one package. The slowest takes a third of it. */
const longestMs = 15 * 60_000;

/** The remote that rclone's test of the backend asks for by name. */
const remote = 'TestJottacloud';

interface Ran {
  /** What the tests say of themselves, and what rclone logs meanwhile. */
  readonly output: string;
  readonly log: string;
  /** Undefined: as it should. */
  readonly problem: string | undefined;
}

/** Each on an account of its own. */
async function runPackage(name: string, built: Built): Promise<readonly string[]> {
  const dir = await mkdtemp(path.join(tmpdir(), 'rclone-suites-'));
  // rclone 1.60.1 sends `%` as it is; its newer versions do not (PROTOCOL.md §2.1).
  const emulator = await startEmulator({ rclone: dir, quirks: { percentInName: 'allowed' } });
  try {
    const begunAt = performance.now();
    const { output, log, problem } = await runProgram(built, emulator, dir);
    const found = readOutcomes(output);
    const complaints = [...complain(found, suites[name] ?? []), ...(problem === undefined ? [] : [problem])];
    const count = (which: string) => [...found.values()].filter((came) => came === which).length;
    const seconds = Math.round((performance.now() - begunAt) / 1000);
    console.log(
      `${name}: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped in ${seconds} s`,
    );
    if (complaints.length > 0) console.error(output, log);
    return complaints.map((complaint) => `${name}: ${complaint}`);
  } finally {
    await emulator.close();
    await rm(dir, { recursive: true, force: true });
  }
}

async function runProgram({ program, folder }: Built, { rclone }: Emulator, dir: string): Promise<Ran> {
  if (rclone === undefined) throw new Error('the emulator was started without rclone');
  const config = path.join(dir, 'suites.conf');
  await writeFile(config, (await readFile(rclone.config, 'utf8')).replace('[remote]', `[${remote}]`), { mode: 0o600 });
  const args = ['-test.v', `-test.timeout=${longestMs / 1000}s`, '-remote', `${remote}:`];
  const env = { ...process.env, ...rclone.env, RCLONE_CONFIG: config, RCLONE_CACHE_DIR: path.join(dir, 'cache') };
  const child = spawn('nice', [program, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let log = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const outcome = await new Promise<number | string | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  // 1: tests have failed, which are looked at one by one.
  const isAsItShould = (outcome === 0 || outcome === 1) && /^(PASS|FAIL)$/m.test(output);
  return { output, log, problem: isAsItShould ? undefined : `ended with ${outcome}` };
}

if (process.platform !== 'linux') throw new Error('the suites are built from packages of Debian or Ubuntu');
const known = Object.keys(suites);
const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !known.includes(name));
if (unknown.length > 0) throw new Error(`no such package: ${unknown.join(', ')}. There are: ${known.join(', ')}`);
const complaints: string[] = [];
for (const [name, built] of await ensureBuilt(known)) {
  if (chosen.length === 0 || chosen.includes(name)) complaints.push(...(await runPackage(name, built)));
}
for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length > 0 ? 1 : 0;
