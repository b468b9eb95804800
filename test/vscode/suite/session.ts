import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { md5 as md5Of } from '../../support/md5.ts';
import type { ExtensionApi } from '../extension.ts';
import { type EmulatorItem, fetchEmulator, getEnvironment, getExtension, waitFor } from './support.ts';

/** Signs in with a fresh token. `disconnect` ends it; a suite leaves nothing behind. */
export async function connect(): Promise<{ api: ExtensionApi; disconnect(): Promise<void> }> {
  const api = await getExtension().activate();
  const response = await fetch(new URL('/_emulator/login-token', getEnvironment('JOTTACLOUD_ENDPOINT')), {
    method: 'POST',
    body: '{}',
  });
  const { loginToken } = (await response.json()) as { loginToken: string };
  assert.equal(await vscode.commands.executeCommand('jottacloud.connect', loginToken), true);
  await waitFor('the account', () => api.state().account ?? undefined);
  return {
    api,
    disconnect: async () => {
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
      await waitFor('an idle drive', () => api.state().pendingChanges === 0 || undefined);
      await disconnect();
      await waitFor('no account', () => api.state().account === null || undefined);
    },
  };
}

/** Runs "Disconnect" and answers its question: the cached files and the names stay. */
export async function disconnect(): Promise<void> {
  await answering(
    'showInformationMessage',
    () => 'Disconnect',
    async () => assert.equal(await vscode.commands.executeCommand('jottacloud.disconnect'), true),
  );
}

/** Waits until the server holds `content` at a path of the account; undefined: until it holds nothing there. */
export async function waitForServer(accountPath: string, content: string | undefined): Promise<void> {
  const md5 = content === undefined ? undefined : md5Of(content);
  await waitFor(`${accountPath} on the server: ${content ?? 'nothing'}`, async () => {
    const tree = await fetchEmulator<EmulatorItem[]>('/_emulator/tree');
    const item = tree.find((each) => each.path.endsWith(accountPath));
    return (md5 === undefined ? item === undefined : item?.md5 === md5) || undefined;
  });
}

type Question =
  | 'showInputBox'
  | 'showWarningMessage'
  | 'showInformationMessage'
  | 'showOpenDialog'
  | 'showSaveDialog'
  | 'showQuickPick'
  | 'withProgress';

/** Answers a question of VS Code's while `work` runs; the arguments it was asked with are returned. */
export async function answering(
  question: Question,
  answer: (...asked: readonly unknown[]) => unknown,
  work: () => PromiseLike<unknown>,
): Promise<unknown[][]> {
  const asked: unknown[][] = [];
  const window = vscode.window as unknown as Record<string, unknown>;
  const original = window[question];
  window[question] = (...args: unknown[]) => {
    asked.push(args);
    return Promise.resolve(answer(...args));
  };
  try {
    await work();
  } finally {
    window[question] = original;
  }
  return asked;
}

/** Keeps a command of VS Code's from running while `work` does; the arguments it was called with are returned. */
export async function intercepting(id: string, work: () => PromiseLike<unknown>): Promise<unknown[][]> {
  const commands = vscode.commands as unknown as { executeCommand: (...all: unknown[]) => unknown };
  const original = commands.executeCommand;
  const asked: unknown[][] = [];
  commands.executeCommand = (...args: unknown[]) => {
    if (args[0] !== id) return original(...args);
    asked.push(args.slice(1));
    return Promise.resolve();
  };
  try {
    await work();
  } finally {
    commands.executeCommand = original;
  }
  return asked;
}

/** Presses Enter in one quick pick after the other, as soon as each is there, until `done`. */
export async function acceptQuickPicks(done: PromiseLike<unknown>): Promise<void> {
  let ended = false;
  void done.then(() => {
    ended = true;
  });
  await waitFor('the choice', async () => {
    await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
    return ended || undefined;
  });
}
