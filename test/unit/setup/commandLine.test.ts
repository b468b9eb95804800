import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { chooseSuites } from '../../../tools/setup/suites.ts';
import { programs } from '../../bench/scenarios/programs.ts';
import { readingFast, readingSlowly } from '../../bench/scenarios/reading.ts';
import { walking } from '../../bench/scenarios/walking.ts';
import { writingLarge, writingSmall } from '../../bench/scenarios/writing.ts';
import { disturbances as knownDisturbances } from '../../chaos/disturbances.ts';
import { quirkTable } from '../../emulator/quirks.ts';
import { suites as rcloneSuites } from '../../rclone/suites.ts';

const root = path.resolve(import.meta.dirname, '..', '..', '..');
interface CommandLines {
  readonly commandLines: Readonly<Record<string, { readonly options?: Readonly<Record<string, unknown>> }>>;
  readonly suiteNames: readonly string[];
  readonly scenarios: readonly string[];
  readonly disturbances: readonly string[];
  checkCommandLine(name: string, args: readonly string[]): object | undefined;
}
const { commandLines, suiteNames, scenarios, disturbances, checkCommandLine } = (await import(
  path.join(root, 'tools', 'setup', 'commandLine.mjs')
)) as CommandLines;

describe('the command line of every npm run command', () => {
  /** A clone in which nothing was installed. */
  let clone: string;
  before(() => {
    clone = mkdtempSync(path.join(tmpdir(), 'clone-'));
    cpSync(path.join(root, 'tools', 'setup'), path.join(clone, 'tools', 'setup'), { recursive: true });
    cpSync(path.join(root, 'test', 'emulator'), path.join(clone, 'test', 'emulator'), { recursive: true });
    cpSync(path.join(root, 'package.json'), path.join(clone, 'package.json'));
  });
  after(() => rmSync(clone, { recursive: true, force: true }));

  const run = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(clone, 'tools/setup/run.mjs'), ...args], {
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };

  for (const name of Object.keys(commandLines)) {
    it(`${name} is explained before anything is installed, and refuses what it does not know in one line`, () => {
      const help = run(name, '--help');
      assert.deepEqual([help.status, help.stderr], [0, '']);
      for (const option of Object.keys(commandLines[name]?.options ?? {}))
        assert.ok(help.stdout.includes(`--${option}`));
      const { status, stdout, stderr } = run(name, '--no-such-option');
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, /^[^\n]*no-such-option[^\n]*\n$/);
    });
  }

  for (const [args, complaint] of [
    [['test', 'browsers'], /^test: no browsers; there are lint, .*\. See --help\.\n$/],
    [['fuzz', '--seeds', 'abc'], /^fuzz: --seeds wants a whole number of 1 or more, not "abc"\. See --help\.\n$/],
    [['emulator', '--quirk', 'moveAnswer'], /^emulator: --quirk wants NAME=VALUE, not "moveAnswer"\. See --help\.\n$/],
    [['package', '--target', 'amiga'], /^package: --target wants one of linux-x64, .*, not "amiga"\. See --help\.\n$/],
    [['bench', '--only', 'walk,swim'], /^bench: --only wants some of walk,[^\n]*, not "walk,swim"\. See --help\.\n$/],
    [['chaos', '--only', 'nothing'], /^chaos: --only wants some of kill,[^\n]*, not "nothing"\. See --help\.\n$/],
    [['emulator', '--port', '65536'], /^emulator: --port wants a number below 65536, not "65536"\. See --help\.\n$/],
    [['chaos', '--minutes'], /^chaos: [^\n]*--minutes[^\n]*\n$/],
  ] as const) {
    it(`refuses ${args.join(' ')}`, () => {
      const { status, stderr } = run(...args);
      assert.equal(status, 2);
      assert.match(stderr, complaint);
    });
  }

  it('explains every quirk of the emulator', () => {
    const { stdout } = run('emulator', '--help');
    for (const [name, values] of Object.entries(quirkTable))
      assert.ok(stdout.includes(`  ${name}=${values.join('|')}\n`), name);
  });

  it('knows every package of rclone that is tested', () => {
    assert.ok(run('test:rclone-suites', '--help').stdout.includes(`[${Object.keys(rcloneSuites).join('|')}]`));
  });

  it('knows every scenario of the benchmark and every disturbance', () => {
    const makers = [walking, readingSlowly, readingFast, writingLarge, writingSmall, programs];
    assert.deepEqual(
      makers.map((make) => make(1).name),
      scenarios,
    );
    assert.deepEqual(Object.keys(knownDisturbances), disturbances);
  });

  it('knows every suite there is', () => {
    assert.deepEqual(
      chooseSuites([])
        .flat()
        .map(({ name }) => name),
      suiteNames,
    );
  });

  it('lets the emulator refuse a quirk in one line', () => {
    const { stdout, stderr, status } = spawnSync(
      'npm',
      ['run', '--silent', 'emulator', '--', '--quirk', 'moveAnswer=teapot'],
      { cwd: root, encoding: 'utf8' },
    );
    assert.deepEqual([stdout, status], ['', 2]);
    assert.match(stderr, /^quirk moveAnswer is one of [^\n]*, not teapot\n$/);
  });

  it('lets a program read what the emulator prints', async () => {
    const emulator = spawn('npm', ['run', '--silent', 'emulator'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    const [first] = (await once(emulator.stdout, 'data')) as [Buffer];
    const { url, loginToken } = JSON.parse(first.toString()) as Record<string, string>;
    assert.ok(url?.startsWith('http://127.0.0.1:') && loginToken);
    emulator.kill();
    await once(emulator, 'exit');
  });

  it('takes every command as the workflows give it', () => {
    const workflows = path.join(root, '.github', 'workflows');
    const texts = readdirSync(workflows).map((file) => readFileSync(path.join(workflows, file), 'utf8'));
    const commands = texts.flatMap((text) => [...text.matchAll(/\brun: npm run (\S+)(?: -- (.+))?$/gm)]);
    assert.ok(commands.length > 5, `${commands.length} commands`);
    for (const [line, name = '', args = ''] of commands) {
      assert.ok(Object.hasOwn(commandLines, name), line);
      assert.equal(
        checkCommandLine(
          name,
          args.split(' ').filter((word) => word !== ''),
        ),
        undefined,
        line,
      );
    }
  });

  it('knows every command that run.mjs starts', () => {
    const source = readFileSync(path.join(root, 'tools/setup/run.mjs'), 'utf8');
    const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const started = Object.entries(scripts).filter(([, text]) => text.includes('run.mjs'));
    assert.deepEqual(started.map(([name]) => name).sort(), Object.keys(commandLines).sort());
    for (const [name] of started) assert.match(source, new RegExp(`^ {2}'?${name}'?: \\{\\s+entry`, 'm'));
  });
});
