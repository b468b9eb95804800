import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after } from 'node:test';
import { startEmulator } from '../../emulator/emulator.ts';
import { until } from '../../support/until.ts';
import type { Workbench } from '../harness/workbench.ts';
import { endDrive, keepingEvidence, openStage, type Stage, type StageOptions } from './support.ts';

/** What a test may have of its own on a computer that it shares. */
export type SharedOptions = Pick<StageOptions, 'settings' | 'graceMs'>;

/** What the test before has left, and what the user's settings held at first. */
let shared: { readonly stage: Stage; readonly userSettings: string; readonly graceMs: number | undefined } | undefined;
let accounts = 0;

after(async () => await shared?.stage.close());

/**
 * Runs `work` as `onStage` does: nobody is signed in, and the account is its own. But VS Code and its first window are
 * those of the test before in the same file, for starting them takes most of a test's time. A window on
 * another folder has the tabs that it had there before. After a failure the next one starts its own.
 */
export async function onSharedStage(work: (stage: Stage) => Promise<void>, options: SharedOptions = {}): Promise<void> {
  const before = shared;
  shared = undefined;
  let stage = before?.stage ?? (await openStage(options));
  const userSettings = before?.userSettings ?? (await readFile(userSettingsFile(stage), 'utf8'));
  try {
    await keepingEvidence(stage, async () => {
      if (before !== undefined) {
        await writeFile(userSettingsFile(stage), userSettings);
        stage = await renew(stage, options);
        // The next drive has the grace of this test.
        if (options.graceMs !== before.graceMs) await endDrive(stage.stateDir, stage.mountPoint);
      }
      await work(stage);
    });
  } catch (error) {
    await stage.close();
    throw error;
  }
  shared = { stage, userSettings, graceMs: options.graceMs };
}

/** The same computer, left by the person who used it, with an account that nobody has used yet. */
async function renew(old: Stage, own: SharedOptions): Promise<Stage> {
  let first: Workbench | undefined = await leaveOneWindow(old);
  await leaveAccount(first);
  accounts += 1;
  // The title tells that the window has taken the settings over.
  const title = `Account ${accounts}`;
  await old.configure({ ...own, title });
  const { page } = first;
  await until('the window has the settings', async () => (await page.title()).includes(title));
  await old.emulator.close();
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

const userSettingsFile = ({ server }: Stage) => path.join(server.userDataDir, 'User', 'settings.json');
