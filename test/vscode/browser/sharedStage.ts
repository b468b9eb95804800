import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after } from 'node:test';
import { startEmulator } from '../../emulator/emulator.ts';
import type { RunningCodeServer } from '../harness/startCodeServer.ts';
import type { Workbench } from '../harness/workbench.ts';
import { keepingEvidence, openStage, type Stage } from './support.ts';

/** What the test before has left, and what its settings files held at first. */
let shared: { readonly stage: Stage; readonly settings: ReadonlyMap<string, string> } | undefined;
let accounts = 0;

after(async () => await shared?.stage.close());

/**
 * Runs `work` as `onStage` does: nobody is signed in, and the account is its own. But VS Code and its first window are
 * those of the test before in the same file, for starting them takes most of a test's time. A window on
 * another folder has the tabs that it had there before. After a failure the next one starts its own.
 */
export async function onSharedStage(work: (stage: Stage) => Promise<void>): Promise<void> {
  const before = shared;
  shared = undefined;
  let stage = before?.stage ?? (await openStage());
  const settings = before?.settings ?? (await readSettings(stage.server));
  try {
    await keepingEvidence(stage, async () => {
      if (before !== undefined) stage = await renew(stage, settings);
      await work(stage);
    });
  } catch (error) {
    await stage.close();
    throw error;
  }
  shared = { stage, settings };
}

/** The same computer, left by the person who used it, with an account that nobody has used yet. */
async function renew(old: Stage, settings: ReadonlyMap<string, string>): Promise<Stage> {
  let first: Workbench | undefined = await leaveOneWindow(old);
  await leaveAccount(first);
  for (const [file, text] of settings) await writeFile(file, text);
  await old.emulator.close();
  accounts += 1;
  const emulator = await startEmulator({ port: Number(new URL(old.emulator.url).port), user: `u${accounts}emulator` });
  return {
    ...old,
    emulator,
    openWindow: async (folder, options) => {
      const window = folder === undefined && first !== undefined ? first : await old.openWindow(folder, options);
      if (window === first) first = undefined;
      return window;
    },
    close: async () => {
      await old.close();
      await emulator.close();
    },
  };
}

/** Closes all windows but one on the folder that windows open by default. */
async function leaveOneWindow(stage: Stage): Promise<Workbench> {
  const { folder } = stage.server;
  const isDefault = ({ page }: Workbench) =>
    !page.isClosed() && new URL(page.url()).searchParams.get('folder') === folder;
  const window = stage.windows.find(isDefault) ?? (await stage.openWindow());
  const pages = window.page.context().pages();
  for (const page of pages) if (page !== window.page) await page.close();
  return window;
}

/** Closes what is open in the window, and signs out for good. */
async function leaveAccount(window: Workbench): Promise<void> {
  await window.runCommand('View: Close All Editors');
  await window.openView('Jottacloud');
  const signedOut = window.welcomeView('Connect to your Jottacloud account').first();
  if (!(await signedOut.isVisible())) {
    await window.statusBarItem(/^\s*Jottacloud(: not mounted)?\s*$/).waitFor();
    await window.runCommand('Disconnect from Jottacloud');
    await window.pressDialogButton('Disconnect and Remove');
    await signedOut.waitFor();
  }
  await window.runCommand('Notifications: Clear All Notifications');
}

async function readSettings({ userDataDir }: RunningCodeServer): Promise<ReadonlyMap<string, string>> {
  const files = ['Machine', 'User'].map((name) => path.join(userDataDir, name, 'settings.json'));
  return new Map(await Promise.all(files.map(async (file) => [file, await readFile(file, 'utf8')] as const)));
}
