// What every `npm run` command takes. Plain JavaScript without dependencies, as run.mjs: a wrong word and `--help` are
// answered before anything is installed.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/** As tools/setup/suites.ts has them, in the same order. */
export const suiteNames = [
  ...['lint', 'typecheck', 'build', 'unit'],
  ...['integration', 'contract'],
  ...['mount', 'chaos', 'bench'],
  ...['nfs', 'vscode', 'browser'],
];
const targets = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'universal'];

/** As test/bench/main.ts has them. */
export const scenarios = ['walk', 'read-line', 'read', 'write', 'small-files', 'programs'];
/** As test/chaos/disturbances.ts has them. */
export const disturbances = [
  'kill',
  'powerCut',
  'stop',
  'eject',
  'lazyUnmount',
  'faults',
  'slowLine',
  'blackout',
  'expiry',
  'revocation',
  'remoteEdit',
  'rclone',
  'fullDisk',
];

/** @typedef {'text' | 'flag' | 'number' | 'port' | 'count' | 'pair' | readonly string[] | { anyOf: readonly string[] }} Kind `count`: 1 or more; a list: one of these words; `anyOf`: several of them, with commas */

/** @type {Record<string, { about: string, words?: readonly string[], options?: Record<string, [Kind, string]> }>} */
export const commandLines = {
  test: { about: 'Runs every check there is, or the suites named.', words: suiteNames },
  'test:desktop': {
    about: 'Runs the extension-host tests in a desktop VS Code that it downloads.',
    options: {
      vscode: ['text', 'its version; stable without it'],
      grep: ['text', 'only tests with this in their title'],
    },
  },
  'test:live': {
    about: 'Checks the client against your own account: JOTTACLOUD_LOGIN_TOKEN=… npm run test:live',
    options: {
      yes: ['flag', 'does not ask'],
      findings: ['text', 'file to write what was found to'],
      'reuse-spent-tokens': ['flag', 'also sees how a spent refresh token is refused, which ends the sign-in'],
    },
  },
  demo: {
    about: 'Opens a VS Code on an emulated account with sample files, signed in and mounted.',
    options: { screenshot: ['text', 'file to save a picture to, instead of opening a window'] },
  },
  emulator: {
    about: 'Serves a local Jottacloud. With npm run --silent, one line of JSON is all it prints.',
    options: {
      port: ['port', 'port on 127.0.0.1; a free one without it'],
      state: ['text', 'folder that keeps account, content and tokens between runs'],
      seed: ['text', 'folder to copy into /Jotta/Archive of a new account'],
      latency: ['number', 'ms before each request'],
      bandwidth: ['number', 'bytes per second, per connection and direction'],
      rclone: ['text', 'folder for ca.pem, certificate and rclone.conf; serves TLS as the real hosts'],
      certificate: [['good', 'expired', 'wrong-host', 'unknown-authority'], 'with --rclone'],
      quirks: ['text', 'file of npm run test:live: behaves as the service was found to'],
      quirk: ['pair', 'NAME=VALUE of test/emulator/quirks.ts, repeatable'],
      'token-lifetime': ['number', 'seconds an access token lives'],
      capacity: ['number', 'bytes of room on the account; unlimited without it'],
      'write-locked': ['flag', 'refuses every change'],
      'read-locked': ['flag', 'refuses everything but the state of the account'],
      user: ['text', 'internal user name'],
    },
  },
  mount: {
    about: 'The drive without VS Code: --mount-point DIR, and the first time --login-token or --sign-in.',
    options: {
      'mount-point': ['text', 'where to mount'],
      'login-token': ['text', 'a personal login token'],
      'login-host': ['text', 'host that the login token may lead to though no brand has it'],
      'sign-in': ['text', 'a brand, whose page is opened in a browser'],
      endpoint: ['text', 'address of an emulator'],
      source: ['text', 'path in the account; / without it'],
      'read-only': ['flag', 'nothing is changed'],
      driver: [['auto', 'fuse', 'binding', 'nfs'], 'how to mount'],
      serve: ['flag', 'mounts nothing, with --driver nfs: prints the address for a client of your own'],
      poll: ['number', 'seconds between two looks for changes made elsewhere'],
      'cache-size': ['number', 'bytes'],
      'min-free': ['number', 'bytes of the disk that the cache leaves free'],
      state: ['text', 'folder for what the drive keeps'],
      cache: ['text', 'folder for the cache'],
      'settle-ms': ['number', 'quiet time of a file before it is sent'],
      'follow-outside-links': ['flag', 'follows links made elsewhere out of the volume too'],
      verbose: ['flag', 'logs more'],
    },
  },
  bench: {
    about: 'Compares this drive with rclone mount. Needs root and an idle machine.',
    options: {
      only: [{ anyOf: scenarios }, 'these scenarios'],
      rounds: ['count', 'how often each is run'],
      scale: ['number', 'sizes times this; 0.02 is a smoke test'],
      keep: ['flag', 'renews test/bench/RESULTS.md and the table of README.md'],
      nfs: ['flag', 'compares this drive by FUSE and by NFS instead'],
    },
  },
  fuzz: {
    about: 'Random operations on a mount, a local folder and a model, side by side.',
    options: {
      seeds: ['count', 'how many sequences'],
      ops: ['count', 'operations in each'],
      seed: ['number', 'the first one'],
      nfs: ['flag', 'the mount is that of a virtual machine'],
    },
  },
  chaos: {
    about: 'Proves by causing faults that nothing is lost.',
    options: {
      minutes: ['number', 'how long'],
      seed: ['text', 'that of a finding repeats it'],
      only: [{ anyOf: disturbances }, 'no other disturbances happen'],
      'keep-going': ['flag', 'goes on after a violation'],
    },
  },
  package: {
    about: 'Builds the extension into an installable file.',
    options: {
      target: [targets, 'another computer than this one'],
      all: ['flag', 'all of them'],
      out: ['text', 'the file'],
      'out-dir': ['text', 'its folder'],
      verify: ['flag', 'looks at what was made'],
      checksums: ['flag', 'writes SHA256SUMS'],
      'without-runtime': ['flag', 'for hosts that are a plain Node.js; mounts with 26 or later'],
      extension: ['text', 'bundle to ship in place of dist/extension.cjs'],
    },
  },
  'test:mangled': {
    about: 'Uses volumes behind a proxy that refuses, ignores or mangles what the client relies on.',
    options: { minutes: ['number', 'how long'] },
  },
  'test:rclone-suites': {
    about: "Runs rclone's own tests of a backend against the emulator; builds them first. Debian and Ubuntu only.",
    words: ['backend/jottacloud', 'fs/operations', 'fs/sync', 'vfs'],
  },
  posix: {
    about: 'Holds a mount of this computer against a local folder of it, case by case.',
    options: { driver: [['fuse', 'nfs', 'binding'], 'how to mount'] },
  },
  checkup: {
    about: 'Tries what the package would mount with, on an account of its own.',
    options: {
      driver: [['auto', 'fuse', 'nfs'], 'how to mount'],
      report: ['text', 'file for what is to be known where something is wrong'],
    },
  },
};

/**
 * What is wrong with the words after a command, as one line; undefined when nothing is.
 * @param {string} name a key of `commandLines`
 * @param {readonly string[]} args
 * @returns {{ help: string } | { problem: string } | undefined}
 */
export function checkCommandLine(name, args) {
  const { words = [], options = {} } = commandLines[name];
  if (args.includes('--help') || args.includes('-h')) return { help: toHelp(name) };
  const entries = Object.entries(options);
  const types = Object.fromEntries(
    entries.map(([option, [kind]]) => [option, { type: kind === 'flag' ? 'boolean' : 'string', multiple: true }]),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: types, allowPositionals: words.length > 0 });
    const unknown = positionals.find((word) => !words.includes(word));
    if (unknown !== undefined) return { problem: `no ${unknown}; there are ${words.join(', ')}` };
    for (const [option, [kind]] of entries) {
      for (const value of values[option] ?? []) {
        const wanted = getComplaint(kind, value);
        if (wanted !== undefined) return { problem: `--${option} wants ${wanted}, not "${value}"` };
      }
    }
    return undefined;
  } catch (error) {
    return { problem: error.message.split(/\. |\n/)[0] };
  }
}

/** What the value should have been; undefined when it is that. */
function getComplaint(kind, value) {
  if (kind === 'number' && !/^\d+(\.\d+)?$/.test(value)) return 'a number';
  if (kind === 'count' && !/^[1-9]\d*$/.test(value)) return 'a whole number of 1 or more';
  if (kind === 'pair' && !/^\w+=.+$/.test(value)) return 'NAME=VALUE';
  if (kind === 'text' && value === '') return 'something';
  if (kind === 'port' && !(/^\d{1,5}$/.test(value) && Number(value) < 65_536)) return 'a number below 65536';
  const isSome = typeof kind === 'object' && 'anyOf' in kind;
  if (isSome && !value.split(',').every((word) => kind.anyOf.includes(word))) return `some of ${kind.anyOf.join(',')}`;
  if (Array.isArray(kind) && !kind.includes(value)) return `one of ${kind.join(', ')}`;
  return undefined;
}

function toHelp(name) {
  const { about, words = [], options = {} } = commandLines[name];
  const command = name === 'test' ? 'npm test' : `npm run ${name}`;
  const lines = [about, '', `usage: ${command}${words.length > 0 ? ` -- [${words.join('|')}]…` : ' -- [options]'}`];
  const rows = Object.entries(options).map(([option, [kind, text]]) => [`--${option}${toValue(kind)}`, text]);
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  const more = name === 'emulator' ? ['', 'quirks (the first value is the default):', ...readQuirks()] : [];
  return [...lines, ...rows.map(([left, text]) => `  ${left.padEnd(width)}  ${text}`), ...more].join('\n');
}

/** From its source, which cannot be loaded before anything is installed. */
function readQuirks() {
  const source = readFileSync(new URL('../../test/emulator/quirks.ts', import.meta.url), 'utf8');
  const rows = source.matchAll(/^ {2}(\w+): \[([^\]]*)\]/gm);
  return [...rows].map(
    ([, quirk, values]) => `  ${quirk}=${[...values.matchAll(/'([^']*)'/g)].map(([, value]) => value).join('|')}`,
  );
}

function toValue(kind) {
  if (kind === 'flag') return '';
  if (typeof kind === 'object' && 'anyOf' in kind) return ` ${kind.anyOf.join(',')}`;
  return Array.isArray(kind)
    ? ` ${kind.join('|')}`
    : { text: ' TEXT', number: ' N', port: ' N', count: ' N', pair: ' NAME=VALUE' }[kind];
}
