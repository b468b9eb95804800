import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { until } from '../../support/until.ts';
import type { Workbench } from '../harness/workbench.ts';
import { findOnServer, mount, onStage, type Stage, signIn, typeAtEnd, untilOnServer } from './support.ts';

const run = promisify(execFile);
const project = '/Jotta/Archive/project';
const modules = 40;

/** The project on the server: modules that one word tells apart, and a setting that wakes the built-in git support. */
async function putProject({ emulator }: Stage): Promise<void> {
  await emulator.put(
    `${project}/.vscode/settings.json`,
    JSON.stringify({ 'git.enabled': true, 'git.autofetch': false }),
  );
  await emulator.put(`${project}/readme.md`, '# Project\n');
  for (let index = 0; index < modules; index += 1) {
    const word = index % 10 === 3 ? 'needle' : 'hay';
    await emulator.put(`${project}/source/module-${index}.ts`, `export const ${word} = ${index};\n`);
  }
}

/** Git in the mounted project, from a process of its own. */
async function git(stage: Stage, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, HOME: stage.server.home, GIT_CONFIG_NOSYSTEM: '1' };
  // Not as its working directory: spawning waits for that, and the emulator that has to answer is in this process.
  return (await run('git', ['-C', path.join(stage.mountPoint, project), ...args], { env })).stdout;
}

/** Opens the mounted project as the folder of a window, a repository with one commit. */
async function openProject(stage: Stage): Promise<Workbench> {
  await putProject(stage);
  const first = await stage.openWindow();
  await signIn(stage, first);
  await mount(stage, first);
  await git(stage, 'init', '-q', '-b', 'main');
  await git(stage, 'config', 'user.name', 'A');
  await git(stage, 'config', 'user.email', 'a@example.com');
  await git(stage, 'add', '.');
  await git(stage, 'commit', '-q', '-m', 'first');
  return await stage.openWindow(path.join(stage.mountPoint, project));
}

/** Of the context menu that is open: waits for the action in its Jottacloud part, and closes it. */
async function openSubmenu({ page }: Workbench, action: string): Promise<void> {
  await page.locator('.context-view .action-item', { hasText: 'Jottacloud' }).first().click();
  await page.locator('.context-view .monaco-submenu .action-item', { hasText: action }).waitFor();
  // One key for each menu, and a menu that has only just opened takes none.
  await until('the menus are closed', async () => {
    await page.keyboard.press('Escape');
    return !(await page.locator('.context-view .action-item').first().isVisible());
  });
}

test('a mounted folder as the workspace: explorer, edits, search and source control work on it', async () => {
  await onStage(
    async (stage) => {
      const window = await openProject(stage);
      const { page } = window;

      // Source control watches the folder from here on.
      await window.statusBarItem(/^\s*main\s*$/).waitFor();
      await window.openView('Explorer');
      await window.explorerRow('source').first().waitFor();
      // Before it knows what is mounted the menu has nothing of ours.
      await window.statusBarItem(/^\s*Jottacloud\s*$/).waitFor();
      await window.explorerRow('readme.md').first().click({ button: 'right' });
      await openSubmenu(window, 'Keep Offline');
      await window.explorerRow('readme.md').first().dblclick();
      await window.editorText.filter({ hasText: /#\sProject/ }).waitFor();
      // The tab of a file of the account has the same menu; commands without a row mean the file that is looked at.
      await window.tab('readme.md').first().click({ button: 'right' });
      await openSubmenu(window, 'Version History…');
      await window.runCommand('Jottacloud: Compare with Last Synced');
      await window.tab('last synced ↔ this computer').first().waitFor();
      await page.keyboard.press('Control+W');
      await window.runCommand('Jottacloud: Reveal in Jottacloud View');
      await window.treeRow('readme.md').and(page.locator('.selected')).waitFor();
      await window.openView('Explorer');
      await window.tab('readme.md').first().click();
      await typeAtEnd(window, 'written in the workspace');
      await window.save();
      const content = '# Project\nwritten in the workspace';
      // A tab shows no dot already while its file is being written.
      const mounted = path.join(stage.mountPoint, project, 'readme.md');
      await until('the save is in the volume', async () => (await readFile(mounted, 'utf8')) === content);
      await untilOnServer(stage, `${project}/readme.md`, content);
      assert.equal(findOnServer(stage.emulator, `${project}/readme.md`)?.revision, 2);

      await window.openView('Search');
      await page.locator('.search-view .search-widget textarea').first().fill('needle');
      await page.keyboard.press('Enter');
      await page.locator('.search-view .message', { hasText: '4 results in 4 files' }).waitFor();
      for (const index of [3, 13, 23, 33]) {
        await page.locator('.search-view .monaco-list-row', { hasText: `module-${index}.ts` }).waitFor();
      }

      // By its key: the badge with the number of changes lies over the icon.
      await page.locator('.activitybar .badge[aria-label*="1 pending change"]').waitFor();
      await page.keyboard.press('Control+Shift+G');
      const changed = page.locator('.scm-view .monaco-list-row', { hasText: 'readme.md' });
      await changed.waitFor();
      assert.equal(await page.locator('.scm-view .monaco-list-row', { hasText: 'module-' }).count(), 0);
      await changed.click();
      await page
        .locator('.diff-editor, .monaco-diff-editor', { hasText: /written\sin\sthe\sworkspace/ })
        .first()
        .waitFor();

      await window.focusEditor(page.locator('.scm-view .scm-editor').first());
      await page.keyboard.type('second');
      await page.keyboard.press('Control+Enter');
      // Nothing is staged: VS Code asks whether it shall stage everything.
      await window.pressDialogButton('Yes');
      await until('the commit is made', async () => (await git(stage, 'log', '--format=%s')) === 'second\nfirst\n');
      await changed.waitFor({ state: 'detached' });
      assert.equal(await git(stage, 'status', '--porcelain'), '');
      const head = (await git(stage, 'rev-parse', 'HEAD')).trim();
      await untilOnServer(stage, `${project}/.git/refs/heads/main`, `${head}\n`);
      await until('the commit is on the server', () =>
        findOnServer(stage.emulator, `${project}/.git/objects/${head.slice(0, 2)}/${head.slice(2)}`),
      );

      // What happens elsewhere shows by itself, and the tab of a file that is gone is struck through.
      await page.keyboard.press('Control+Shift+E');
      await stage.emulator.put(`${project}/from elsewhere.md`, 'from elsewhere\n');
      await window.explorerRow('from elsewhere.md').first().dblclick();
      await window.editorText.filter({ hasText: /from\selsewhere/ }).waitFor();
      await typeAtEnd(window, 'of here\n');
      stage.emulator.remove(`${project}/from elsewhere.md`);
      await window.explorerRow('from elsewhere.md').waitFor({ state: 'detached' });
      await page.locator('.tabs-container .tab .strikethrough', { hasText: 'from elsewhere.md' }).waitFor();
      await window.save();
      await untilOnServer(stage, `${project}/from elsewhere.md`, 'from elsewhere\nof here\n');
      await window.pressNotificationButton('from elsewhere.md had been deleted or moved elsewhere.', 'Delete Again');
      await until('it is gone again', () => findOnServer(stage.emulator, `${project}/from elsewhere.md`) === undefined);

      // Unmounting saves what is not saved, and closes the folder that is about to be gone.
      await page.keyboard.press('Control+Shift+E');
      await window.explorerRow('readme.md').first().dblclick();
      await window.tab('readme.md').first().waitFor();
      await typeAtEnd(window, ' and not saved');
      await window.runCommand('Unmount Jottacloud');
      await window.dialog.filter({ hasText: 'Files with changes that are not saved: 1.' }).waitFor();
      await window.pressDialogButton('Unmount');
      await until('it is unmounted', async () => (await stage.getMountId()) === undefined);
      await untilOnServer(stage, `${project}/readme.md`, `${content} and not saved`);
      await window.explorerRow('readme.md').waitFor({ state: 'detached' });
      await window.statusBarItem('Jottacloud: not mounted').waitFor();
    },
    { isComplete: true },
  );
});
