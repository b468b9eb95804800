import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import * as vscode from 'vscode';
import type { ExtensionApi } from '../extension.ts';
import { connect } from './session.ts';
import { collectErrorMessages, getEnvironment, waitFor } from './support.ts';

const { executeCommand } = vscode.commands;
/** A metadata call with all its tries gives up after 30 s (jottacloud/limits.ts); nothing may wait much longer. */
const answerMs = 40_000;
/** The extension host's thread is shared with every other extension: this long is noticed by a person who types. */
const blockedMs = 500;

describe('with a network that accepts everything and answers nothing', () => {
  let api: ExtensionApi;
  let disconnect: () => Promise<void>;

  before(async () => {
    ({ api, disconnect } = await connect());
    const mountPoint = path.join(await mkdtemp(path.join(os.tmpdir(), 'stalled-')), 'Jottacloud');
    await configure(mountPoint);
    await setFaults([{ match: {}, action: { type: 'stall' } }]);
  });

  after(async () => {
    await setFaults([]);
    await configure(undefined);
    await disconnect();
  });

  it('every command answers, and the window stays awake', async function () {
    this.timeout(answerMs * 2);
    const delays = monitorEventLoopDelay({ resolution: 10 });
    delays.enable();
    await collectErrorMessages(async () => {
      const commands = [
        ['jottacloud.refresh'],
        ['jottacloud.retryTransfers'],
        ['jottacloud.showTransfers'],
        ['jottacloud.checkFuse'],
        ['jottacloud.reportDiagnostics'],
        ['jottacloud.retryFolder', { folder: '/Jotta' }],
        ['jottacloud.copyPath', '/Jotta/Archive'],
        ['jottacloud.pauseTransfers'],
        ['jottacloud.mount'],
      ] as const;
      await Promise.all(commands.map(([command, argument]) => answersInTime(command, argument)));
      assert.equal(api.state().mounts[0]?.status, 'mounted', 'the root of the account is known: it can be mounted');
      await answersInTime('jottacloud.resumeTransfers');
      await answersInTime('jottacloud.unmount');
    });
    delays.disable();
    await waitFor('the volume to be gone', () => api.state().mounts.length === 0 || undefined, answerMs);
    assert.ok(delays.max / 1e6 < blockedMs, `the thread was blocked for ${delays.max / 1e6} ms`);
  });

  async function answersInTime(command: string, argument?: unknown): Promise<void> {
    let answered = false;
    executeCommand(command, argument).then(
      () => (answered = true),
      () => (answered = true),
    );
    await waitFor(`an answer of ${command}`, () => answered || undefined, answerMs);
  }
});

describe('Report Diagnostics', () => {
  it('opens a report to look through that names neither the account nor its files', async () => {
    const { api, disconnect } = await connect();
    await executeCommand('jottacloud.reportDiagnostics');
    const document = vscode.window.activeTextEditor?.document;
    assert.equal(document?.isUntitled, true);
    const text = document.getText();
    assert.match(text, /^# Jottacloud diagnostics/);
    assert.match(text, /account: \d+ of (\d+|unlimited) bytes used/);
    assert.match(text, /drive: \d+\.\d+\.\d+/);
    const { account } = api.state();
    assert.ok(account);
    for (const word of [account.username, account.email, os.homedir()]) assert.ok(!text.includes(word), word);
    await executeCommand('workbench.action.revertAndCloseActiveEditor');
    await disconnect();
  });
});

async function setFaults(plan: readonly unknown[]): Promise<void> {
  const url = new URL('/_emulator/faults', getEnvironment('JOTTACLOUD_ENDPOINT'));
  const { status } = await fetch(url, { method: 'POST', body: JSON.stringify(plan) });
  assert.equal(status, 200);
}

async function configure(mountPoint: string | undefined): Promise<void> {
  const settings = vscode.workspace.getConfiguration('jottacloud');
  await settings.update('mount.path', mountPoint, vscode.ConfigurationTarget.Global);
}
