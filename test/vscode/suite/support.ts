import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { ExtensionApi } from '../extension.ts';

export interface EmulatorItem {
  readonly path: string;
  readonly kind: string;
  readonly size: number;
  readonly md5?: string;
}

export function getExtension(): vscode.Extension<ExtensionApi> {
  const extension = vscode.extensions.getExtension<ExtensionApi>('jottacloud-drive.jottacloud-drive');
  assert.ok(extension, 'the extension is installed');
  return extension;
}

/** What the runner has to give: the emulator and a login token that was not used yet. */
export function getEnvironment(name: 'JOTTACLOUD_ENDPOINT' | 'JOTTACLOUD_TEST_LOGIN_TOKEN'): string {
  const value = process.env[name];
  assert.ok(value, `${name} is set by the runner`);
  return value;
}

export async function fetchEmulator<T>(path: string): Promise<T> {
  const response = await fetch(new URL(path, getEnvironment('JOTTACLOUD_ENDPOINT')));
  assert.equal(response.status, 200, path);
  return (await response.json()) as T;
}

/** Resolves with the first answer that is not undefined; fails with `what` after the deadline. */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  deadlineMs = 30_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  while (performance.now() < end) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await delay(50);
  }
  assert.fail(`waited ${deadlineMs / 1_000} s for ${what}`);
}

/** Runs `work`, which sees them come, and returns the error messages shown meanwhile; none of them waits for an answer. */
export async function collectErrorMessages(
  work: (shown: readonly string[]) => PromiseLike<unknown>,
): Promise<string[]> {
  const messages: string[] = [];
  const window = vscode.window as { showErrorMessage: unknown };
  const original = window.showErrorMessage;
  window.showErrorMessage = (message: string) => {
    messages.push(message);
    return Promise.resolve(undefined);
  };
  try {
    await work(messages);
  } finally {
    window.showErrorMessage = original;
  }
  return messages;
}
