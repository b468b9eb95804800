import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../test/support/until.ts';
import { findMountId, onStage, type Stage, showNotifications, signIn } from '../../test/vscode/browser/support.ts';
import type { Workbench } from '../../test/vscode/harness/workbench.ts';
import { showcaseSample, writeSamples } from './samples.ts';

// node tools/demo/surfaces.ts DIR [dark|light|contrast|narrow]: what every surface looks like in each theme, as DIR/<surface>-<theme>.png, to be looked at.

const themes = {
  dark: 'Dark Modern',
  light: 'Light Modern',
  contrast: 'Default High Contrast',
  /** With the side bar as wide as VS Code makes it, 300 pixels. */
  narrow: 'Dark Modern',
} as const;
const archive = '/Jotta/Archive';
const out = path.resolve(process.argv[2] ?? 'surfaces');

const settings = {
  // Where it is by default: a picture is of what people meet.
  'mount.path': '~/CloudMounts/Jottacloud',
  mounts: [{ path: '~/CloudMounts/Pictures', source: `${archive}/Pictures`, readOnly: true, onStartup: true }],
};
const wanted = process.argv[3];
for (const theme of Object.keys(themes) as (keyof typeof themes)[]) {
  if (wanted === undefined || wanted === theme) await onStage((stage) => takeAll(stage, theme), { settings });
}

interface Shooting {
  readonly stage: Stage;
  readonly window: Workbench;
  readonly shoot: (name: string) => Promise<unknown>;
  readonly theme: keyof typeof themes;
}

async function takeAll(stage: Stage, theme: keyof typeof themes): Promise<void> {
  await putSamples(stage);
  await setTheme(stage, themes[theme]);
  const window = await stage.openWindow();
  const shoot = (name: string) => window.screenshot(path.join(out, `${name}-${theme}.png`));
  // Wide enough for the pictures of the walkthrough.
  await window.page.setViewportSize({ width: 1500, height: 1000 });
  const shooting: Shooting = { stage, window, shoot, theme };
  await shootSigningIn(shooting);
  await shootMounting(shooting);
  await shootTransfers(shooting);
  await shootTrashAndConflicts(shooting);
  await shootSettingsAndExplorer(shooting);
}

async function shootSigningIn({ window, shoot, theme }: Shooting): Promise<void> {
  await window.openView('Jottacloud');
  if (theme !== 'narrow') await widenSideBar(window);
  await window.welcomeView('Connect to your Jottacloud account').first().waitFor();
  await shoot('welcome');

  await window.runCommand('Welcome: Open Walkthrough...');
  await window.pick('Get Started with Jottacloud');
  await window.page.locator('.gettingStartedContainer', { hasText: 'Get a login token' }).waitFor();
  for (const [index, title] of ['Install FUSE 3', 'Get a login token', 'Connect', 'Mount and open'].entries()) {
    if (index > 0) await window.page.locator('.getting-started-step', { hasText: title }).click();
    await window.webview.locator('svg').waitFor({ state: 'attached' });
    await shoot(`walkthrough-${index + 1}`);
  }
  await window.page.keyboard.press('Control+W');

  await window.runCommand('Connect to Jottacloud…');
  await window.pick('Personal login token');
  await window.answer('certainly not a token', 'Paste a personal login token');
  await shoot('connect');
  await window.page.keyboard.press('Escape');
}

async function shootMounting({ stage, window, shoot, theme }: Shooting): Promise<void> {
  await signIn(stage, window);
  await window.runCommand('Mount Jottacloud Folder…');
  await window.quickPickRow('The whole account').first().waitFor();
  await shoot('dialog-1');
  await window.page.keyboard.press('Enter');
  await window.quickPickRow('Choose Folder…').first().waitFor();
  await shoot('dialog-2');
  await window.page.keyboard.press('Enter');
  await window.quickPickRow('Read only').first().waitFor();
  await shoot('dialog-3');
  await window.page.keyboard.press('Enter');
  await window.quickPickRow('as it is now').first().waitFor();
  await shoot('dialog-4');
  await window.page.keyboard.press('Escape');
  await shoot('connected');

  await window.runCommand('Mount Jottacloud');
  await until('it is mounted', () => findMountId(mountPoint(stage)));
  await window.expand('Jotta');
  await window.expand('Archive');
  await window.expand('Notes');
  await window.treeRow('Sourdough bread.md').first().click();
  await window.editorText.filter({ hasText: 'Sourdough' }).waitFor();
  await shoot('mounted');
  await window.treeRow('Sourdough bread.md').first().click({ button: 'right' });
  await window.page.locator('.context-view .action-item').first().waitFor();
  await shoot('menu');
  await window.page.keyboard.press('Escape');
  await window.tab('Sourdough').first().click({ button: 'right' });
  await shootSubmenu(window, 'tab-menu', theme);
  await window.page.locator('.editor-actions .codicon-toolbar-more').first().click();
  await shootSubmenu(window, 'editor-menu', theme);
  await window.expand('Pictures');
  await window.treeRow('Sunset.png').first().click();
  await window.tab('Sunset.png').first().waitFor();
  // A row that is drawn anew under the mouse loses its tooltip.
  await until('the picture is in the tooltip', async () => {
    await window.restMouse();
    await window.treeRow('Sunset.png').first().hover();
    const picture = window.page.locator('.monaco-hover img').first();
    return await picture.waitFor({ timeout: 3_000 }).then(
      () => true,
      () => false,
    );
  });
  await shoot('picture');
  // Else the rows below would be out of sight.
  await window.treeRow('Pictures').first().click();
  await window.treeRow('Sunset.png').waitFor({ state: 'detached' });
  await window.runRowAction('Notes', 'Keep Offline');
  await window.treeRow('kept offline').first().waitFor();
}

async function shootTransfers({ stage, window, shoot }: Shooting): Promise<void> {
  await window.runCommand('Jottacloud: Pause Transfers');
  for (const name of ['Budget.xlsx', 'Weekly plan copy.md', 'Holiday.jpg']) {
    await writeFile(path.join(mountPoint(stage), archive, 'Notes', name), `${name}\n`);
  }
  await window.statusBarItem('paused').waitFor();
  await shoot('paused');
  await window.statusBarItem('paused').hover();
  await delay(1_500);
  await shoot('tooltip');
  await window.statusBarItem('paused').click();
  await window.quickPickRow('Resume Transfers').first().waitFor();
  await shoot('actions');
  await window.page.keyboard.press('Escape');
  stage.emulator.quota(1);
  await window.runCommand('Jottacloud: Resume Transfers');
  await window.statusBarItem('failed').waitFor();
  await showNotifications(window, 'storage is full');
  // Off what it was clicked for, whose own hint would cover the editor.
  await window.page.mouse.move(900, 620);
  await shoot('failed');
  stage.emulator.quota(null);
  stage.emulator.shape({ bandwidth: 30_000 });
  await writeFile(path.join(mountPoint(stage), archive, 'Notes', 'Film.mov'), Buffer.alloc(1_200_000, 7));
  await window.runCommand('Jottacloud: Retry Failed Transfers');
  await window.treeRow(/Film.*%/).waitFor();
  await shoot('uploading');
}

async function shootTrashAndConflicts({ stage, window, shoot }: Shooting): Promise<void> {
  stage.emulator.shape({});
  await window.statusBarItem(/^\s*Jottacloud\s*$/).waitFor({ timeout: 180_000 });
  await window.runCommand('Notifications: Clear All Notifications');
  await window.runRowAction('Sourdough bread.md', 'Delete');
  await window.dialog.waitFor();
  await shoot('delete');
  await window.pressDialogButton('Move to Trash');
  await window.expand('Trash');
  await window.treeRow(/Sourdough.*deleted/).hover();
  await shoot('trash');

  await makeConflict(stage);
  const told = await showNotifications(window, 'was changed here and elsewhere.');
  await window.page.mouse.move(900, 620);
  await shoot('conflict');
  await told.getByRole('button', { name: 'Compare' }).click();
  await window.page.locator('.monaco-diff-editor', { hasText: 'Eggs' }).first().waitFor();
  await window.runCommand('Notifications: Clear All Notifications');
  await shoot('conflict-compared');
  await window.runRowAction(/^Shopping\.md/, 'Version History…');
  await window.quickPickRow(/./).first().waitFor();
  await shoot('versions');
  await window.page.keyboard.press('Enter');
  await window.page.locator('.tab.active', { hasText: '↔ current' }).waitFor();
  await shoot('version-compared');

  await window.runRowAction(/^Shopping\.md/, 'Show Details');
  await window.treeRow(/^Versions/).waitFor();
  await shoot('details');
  await window.page.locator('.pane-header', { hasText: 'Details' }).click();
}

async function shootSettingsAndExplorer({ stage, window, shoot, theme }: Shooting): Promise<void> {
  await window.runCommand('Preferences: Open Settings (UI)');
  await window.page.keyboard.type('@ext:jottacloud-drive.jottacloud-drive');
  // They belong to the computer that mounts.
  await window.page.locator('.settings-tabs-widget .action-label', { hasText: 'Remote' }).click();
  await window.page.locator('.settings-editor .setting-item', { hasText: 'Mount: Path' }).waitFor();
  await shoot('settings');
  // The suggestion of the search field, then the settings, which lie over the window.
  await window.page.keyboard.press('Escape');
  await window.page.keyboard.press('Escape');

  await window.runCommand('Jottacloud: Report Diagnostics');
  await window.editorText.filter({ hasText: /diagnostics/ }).waitFor();
  await shoot('diagnostics');

  await window.runCommand('Jottacloud: Pause Transfers');
  await writeFile(path.join(mountPoint(stage), archive, 'Notes', 'Minutes.md'), '# Minutes\n');
  const mounted = await stage.openWindow(path.join(mountPoint(stage), archive, 'Notes'));
  await mounted.page.setViewportSize({ width: 1500, height: 1000 });
  await mounted.statusBarItem('Jottacloud: paused').waitFor();
  await mounted.explorerRow('Minutes.md').first().waitFor();
  await mounted.explorerRow('Minutes.md').first().click({ button: 'right' });
  await mounted.page.locator('.context-view .action-item').first().waitFor();
  await mounted.screenshot(path.join(out, `explorer-${theme}.png`));
}

/** The menu that is open, with what it has of the account. */
async function shootSubmenu({ page }: Workbench, name: string, theme: string): Promise<void> {
  await page.locator('.context-view .action-item', { hasText: 'Jottacloud' }).first().hover();
  await page.locator('.monaco-submenu .action-item').first().waitFor();
  await page.screenshot({ path: path.join(out, `${name}-${theme}.png`) });
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
}

/** One file changed here and on the server while the two could not talk. */
async function makeConflict(stage: Stage): Promise<void> {
  const file = `${archive}/Shopping.md`;
  await stage.emulator.put(file, '# Shopping\n\n- Flour\n- Milk\n');
  const local = path.join(mountPoint(stage), file);
  await until('it is in the volume', async () => (await readFile(local, 'utf8').catch(() => '')) !== '');
  await stage.emulator.outage(true);
  await writeFile(local, '# Shopping\n\n- Flour\n- Milk\n- Eggs\n');
  await stage.emulator.put(file, '# Shopping\n\n- Flour\n- Oat milk\n');
  await stage.emulator.outage(false);
}

function mountPoint({ server }: Stage): string {
  return path.join(server.home, 'CloudMounts', 'Jottacloud');
}

async function putSamples({ emulator }: Stage): Promise<void> {
  const dir = await mkdtemp('/tmp/samples-');
  await writeSamples(dir);
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    await emulator.put(`${archive}/${path.relative(dir, file)}`, await readFile(file));
  }
  await rm(dir, { recursive: true });
  await until(showcaseSample, () => emulator.tree().some((item) => item.path.endsWith(showcaseSample)));
}

/** So that the rows tell all they have to tell. */
async function widenSideBar({ page }: Workbench): Promise<void> {
  const box = await page.locator('.part.sidebar').boundingBox();
  if (box === null) return;
  const [x, y] = [box.x + box.width, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 140, y, { steps: 5 });
  await page.mouse.up();
}

/** Before the first window: one that is open would take no notice. */
async function setTheme({ server }: Stage, theme: string): Promise<void> {
  const file = path.join(server.userDataDir, 'User', 'settings.json');
  const settings = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(
    file,
    JSON.stringify({ ...settings, 'breadcrumbs.enabled': false, 'workbench.colorTheme': theme }, undefined, 2),
  );
}
