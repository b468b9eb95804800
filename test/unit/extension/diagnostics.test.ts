import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLog } from '../../../src/base/log.ts';
import { createPseudonyms } from '../../../src/extension/diagnostics/pseudonyms.ts';
import { type Findings, writeReport } from '../../../src/extension/diagnostics/report.ts';
import { DriveError } from '../../../src/protocol/errors.ts';
import type { DriveState, PastTransfer } from '../../../src/protocol/state.ts';

/** Everything that must not be in a report, each a word that is nowhere in the program. */
const secrets = {
  token: 'eyJhbGciOiJSUzI1NiJ9.cGF5bG9hZHNlY3JldA.c2lnbmF0dXJlc2VjcmV0',
  refreshToken: 'b1946ac92492d2347c6235b4d2611184refresh',
  email: 'kari.nordmann@example.org',
  person: 'Kari Nordmann',
  username: 'u0kari',
  home: '/home/karinordmann',
  folder: 'Skilsmisse 2026',
  file: 'Lønnslipp oktober=siste.pdf',
  proxyPassword: 'hunter2secret',
};
const accountPath = `/Jotta/Archive/${secrets.folder}/${secrets.file}`;

const state: DriveState = {
  account: {
    username: secrets.username,
    email: secrets.email,
    name: secrets.person,
    usedBytes: 123_456,
    totalBytes: 5_000_000,
  },
  health: 'ok',
  mounts: [
    { mountPoint: `${secrets.home}/CloudMounts/${secrets.folder}`, source: '/', readOnly: true, status: 'mounted' },
  ],
  pendingChanges: 1,
  failedChanges: 1,
  transfersPaused: false,
  transfers: [
    { id: '7', kind: 'upload', status: 'failed', path: accountPath, bytesDone: 0, bytesTotal: 12, reason: 'quota' },
    { id: '8', kind: 'move', status: 'failed', path: accountPath, bytesDone: 0, bytesTotal: 0, reason: secrets.file },
  ],
  lastPollAt: Date.UTC(2026, 10, 1),
  rescued: null,
  lacking: ['pinnedRange', 'semicolonInNames', secrets.file],
} as DriveState;

function writeLogs(): string {
  const lines: string[] = [];
  const log = createLog((line) => lines.push(line));
  const cause = new Error(`ENOENT: no such file, open '${secrets.home}/${secrets.file}'`);
  log.info('attached', { pid: 4711, version: '0.1.0', logFile: `${secrets.home}/drive.log` });
  log.warn('push failed, will be tried again', {
    kind: 'upload',
    path: accountPath,
    inMs: 1_500,
    error: new DriveError('quota', { path: accountPath }, { cause }),
  });
  log.warn('a window did not take the tokens', { secret: secrets.refreshToken, text: secrets.token });
  log.info('the account is not reachable yet', { username: secrets.username, email: secrets.email });
  log.error('file operation threw', { operation: 'read', error: `${secrets.person} could not read ${secrets.file}` });
  return `${lines.join('')}a stack trace that names ${secrets.file}\n    at ${secrets.home}/x.js\n`;
}

function createFindings(): Findings {
  return {
    now: Date.UTC(2026, 10, 2),
    versions: { extension: '0.1.0', system: 'linux 6.1 x64' },
    settings: {
      'jottacloud.mount.path': `${secrets.home}/${secrets.folder}`,
      'jottacloud.mount.readOnly': true,
      'jottacloud.mounts': [{ path: `~/${secrets.folder}`, source: accountPath, readOnly: false }],
      'jottacloud.poll.interval': 45,
      'http.proxy': `http://kari:${secrets.proxyPassword}@proxy.example.org`,
    },
    fuse: 'ready',
    state,
    history: [
      { at: Date.UTC(2026, 10, 1), kind: 'upload', path: accountPath, bytes: 99, ms: 12, outcome: 'done' },
      { at: Date.UTC(2026, 10, 1), kind: 'upload', path: accountPath, bytes: 99, ms: 12, outcome: secrets.file },
    ],
    windowLog: writeLogs(),
    driveLog: writeLogs(),
  };
}

describe('a diagnostics report', () => {
  const report = writeReport(createFindings(), createPseudonyms('key of this computer'));

  it('holds no token, address, name of a person, file or folder, nor a part of one', () => {
    const words = Object.values(secrets).flatMap((secret) => [secret, ...secret.split(/[^\p{L}\d]+/u)]);
    for (const word of words.filter((text) => text.length > 4 && !/^(example|https?|\d+)$/.test(text))) {
      assert.ok(!report.toLowerCase().includes(word.toLowerCase()), word);
    }
  });

  it('cannot be forged by a name: no line, field, error class or word of it is taken for one of the program', () => {
    const lines: string[] = [];
    const log = createLog((line) => lines.push(line));
    const evil = 'a\n2026-11-23T13:59:49.123Z ERROR forged exitCode=1\u2028x\u0085y pid=7 "quoted" kind=upload';
    log.info('opened', { path: evil, pid: 1 });
    log.warn(`message ${evil}`, { error: new Error('EVASECRET: Karen: <- Anna: EHEMMELIG, ENOENT') });
    assert.equal(lines.length, 2);
    for (const line of lines) assert.doesNotMatch(line.slice(0, -1), /[\n\r\u0085\u2028]/);
    const outcomes = [{ ...(createFindings().history[0] as PastTransfer), outcome: 'Hemmelig' }];
    const findings = { ...createFindings(), history: outcomes, windowLog: '', driveLog: lines.join('') };
    const forged = writeReport(findings, createPseudonyms('key'));
    assert.doesNotMatch(forged, /forged exitCode=1\n|EVASECRET|Karen|Anna|EHEMMELIG|Hemmelig/);
    assert.match(forged, /INFO opened path=\S+ pid=1\n/);
    assert.match(forged, /error=Error <- error ENOENT\n/);
  });

  it('keeps what helps: versions, settings, numbers, codes and the words of the program', () => {
    for (const line of [
      'extension: 0.1.0',
      'jottacloud.mount.readOnly: true',
      'jottacloud.poll.interval: 45',
      '123456 of 5000000 bytes used',
      'pending: 1, failed: 1, paused: false',
      'the service does not do it: pinnedRange, semicolonInNames, other',
      'pid=4711 version=0.1.0',
      'push failed, will be tried again kind=upload',
      'inMs=1500 error=DriveError quota <- Error ENOENT',
    ]) {
      assert.ok(report.includes(line), line);
    }
  });

  it('calls the same file by the same stand-in everywhere, and by another one on another computer', () => {
    const standIn = createPseudonyms('key of this computer').path(accountPath);
    assert.ok(report.split(standIn).length > 4);
    assert.ok(!writeReport(createFindings(), createPseudonyms('another key')).includes(standIn));
  });

  it('is made of an empty account as well', () => {
    const findings = { ...createFindings(), fuse: undefined, history: [], windowLog: '', driveLog: '' };
    const empty = { ...state, account: null, mounts: [], transfers: [], lastPollAt: null };
    assert.match(writeReport({ ...findings, state: empty }, createPseudonyms('key')), /account: none/);
  });
});
