import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Locator } from 'playwright-core';
import { detachVolume, findDrives, tryKill } from '../../../tools/setup/driveProcesses.ts';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { md5 as md5Of } from '../../support/md5.ts';
import { until } from '../../support/until.ts';
import { writeLanguagePack } from '../harness/languagePack.ts';
import { openBrowser } from '../harness/openBrowser.ts';
import { type RunningCodeServer, startCodeServer } from '../harness/startCodeServer.ts';
import { Workbench } from '../harness/workbench.ts';
import { getExtensionsDir, graceVariable } from './installed.ts';

/** A drive without a window stays this long (src/drive/main.ts). */
export const graceMs = 30_000;
/** The end of an extension host, and what the grace is late on a busy machine. */
export const graceMarginMs = 5_000;
/** From the end of the grace to an unmounted volume: flushing, the last poll, a slow machine. */
export const unmountMs = 20_000;

/** A computer of its own: VS Code with the extension installed, an account nobody else has, nothing signed in. */
export interface Stage {
  readonly emulator: Emulator;
  readonly server: RunningCodeServer;
  /** Where `Mount Jottacloud` mounts. */
  readonly mountPoint: string;
  /** Where the drive keeps its own. */
  readonly stateDir: string;
  /**
   * Opens a window, on another folder when one is given, which is made unless told not to. All windows share one browser
   * profile, as a person's do.
   */
  openWindow(folder?: string, options?: { readonly create: boolean }): Promise<Workbench>;
  /** All that were opened, closed ones too. */
  readonly windows: readonly Workbench[];
  /** The kernel's id of what is mounted at `mountPoint`; another mount there would have another. */
  getMountId(): Promise<string | undefined>;
  /** What it was opened with, anew: windows follow soon, a drive that runs keeps its grace. */
  configure(changed: Configuration): Promise<void>;
  /** Ends windows, server, drive and emulator, and removes all that they wrote. */
  close(): Promise<void>;
}

export interface StageOptions {
  /** The extension's own, without their `jottacloud.`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** A display language other than English. */
  readonly language?: string;
  /** How long the drive stays without a window, if not `graceMs`. */
  readonly graceMs?: number;
  /** Programs that this computer does not have. */
  readonly missingPrograms?: readonly string[];
  /** With all the extensions that VS Code brings along: languages, source control and others that may meet this one. */
  readonly isComplete?: boolean;
}

/** What can be changed while a computer runs; `title` is that of its windows. */
type Configuration = Pick<StageOptions, 'settings' | 'graceMs'> & { readonly title?: string };

export async function openStage(options: StageOptions = {}): Promise<Stage> {
  const { language, missingPrograms = [] } = options;
  const extensionsDir = await getExtensionsDir();
  // Short, below /tmp: sockets in it have 108 bytes.
  const workDir = await mkdtemp('/tmp/be-');
  const stateDir = path.join(workDir, 'state');
  const mountPoint = path.join(workDir, 'mnt', 'Jottacloud');
  const cleanUps: (() => Promise<unknown>)[] = [() => rm(workDir, { recursive: true, force: true, maxRetries: 3 })];
  const close = async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  };
  try {
    const emulator = await startEmulator();
    cleanUps.push(() => emulator.close());
    cleanUps.push(() => endDrive(stateDir, mountPoint));
    const places = {
      mountPoint,
      graceFile: path.join(workDir, 'grace'),
      settingsFile: path.join(workDir, 'user-data', 'Machine', 'settings.json'),
    };
    await mkdir(path.dirname(places.settingsFile), { recursive: true });
    const configure: Stage['configure'] = (changed) => writeConfiguration(places, changed);
    await configure(options);
    const home = path.join(workDir, 'home');
    if (missingPrograms.length > 0) await hidePrograms(workDir, home, missingPrograms);
    if (language !== undefined) await writeLanguagePack(path.join(workDir, 'user-data'), language);
    const server = await startCodeServer({
      workDir,
      extensionsDir,
      // A browser's VS Code saves by itself unless told not to. Tabs tell the whole path.
      settings: { 'files.autoSave': 'off', 'workbench.editor.labelFormat': 'long' },
      // The hundred that VS Code brings along take a fifth of what a window costs.
      builtInExtensions: options.isComplete ? undefined : ['theme-defaults'],
      env: {
        HOME: home,
        JOTTACLOUD_ENDPOINT: emulator.url,
        JOTTACLOUD_STATE_DIR: stateDir,
        [graceVariable]: places.graceFile,
      },
      locale: language,
    });
    cleanUps.push(() => server.stop());
    const browser = await openBrowser();
    cleanUps.push(() => browser.close());
    const windows: Workbench[] = [];
    return {
      ...{ emulator, server, mountPoint, stateDir, windows, configure, close },
      openWindow: async (folder = server.folder, { create } = { create: true }) => {
        if (create) await mkdir(folder, { recursive: true });
        const window = await Workbench.open(browser.context, server.getUrl(folder));
        windows.push(window);
        return window;
      },
      getMountId: () => findMountId(mountPoint),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface ConfigurationPlaces {
  readonly mountPoint: string;
  readonly graceFile: string;
  readonly settingsFile: string;
}

async function writeConfiguration(places: ConfigurationPlaces, changed: Configuration): Promise<void> {
  const own = Object.entries({ 'mount.path': places.mountPoint, ...changed.settings });
  const pairs = own.map(([name, value]) => [`jottacloud.${name}`, value]);
  await writeFile(places.graceFile, String(changed.graceMs ?? graceMs));
  const settings = { ...Object.fromEntries(pairs), 'window.title': changed.title ?? '' };
  await writeFile(places.settingsFile, JSON.stringify(settings));
}

/**
 * A folder that holds all programs of this computer but the `missing` ones, made the PATH of `home`: VS Code takes over
 * what the login shell says, whatever it was started with.
 */
async function hidePrograms(workDir: string, home: string, missing: readonly string[]): Promise<void> {
  const dir = path.join(workDir, 'bin');
  await mkdir(dir);
  const known = new Set(missing);
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (!known.has(name)) await symlink(path.join(folder, name), path.join(dir, name));
      known.add(name);
    }
  }
  await mkdir(home, { recursive: true });
  await writeFile(path.join(home, '.profile'), `export PATH='${dir}'\n`);
}

/** Runs `work` on a stage of its own. */
export async function onStage(work: (stage: Stage) => Promise<void>, options: StageOptions = {}): Promise<void> {
  const stage = await openStage(options);
  try {
    await keepingEvidence(stage, () => work(stage));
  } finally {
    await stage.close();
  }
}

/** When `work` fails, what the windows show and what the drive logged is kept beside the error. */
export async function keepingEvidence(stage: Stage, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await keepEvidence(stage);
    throw error;
  }
}

async function keepEvidence(stage: Stage): Promise<void> {
  const log = path.join(path.dirname(stage.server.home), 'state', 'drive.log');
  console.error((await readFile(log, 'utf8').catch(() => 'no drive log')).split('\n').slice(-30).join('\n'));
  const dir = await mkdtemp('/tmp/jottacloud-browser-failed-');
  for (const [index, window] of stage.windows.entries()) {
    if (window.page.isClosed()) continue;
    const file = path.join(dir, `window-${index + 1}.png`);
    await window.screenshot(file).catch(() => undefined);
    console.error(`what the window showed: ${file}`);
  }
}

// What a person does in several journeys

/** Connects through the palette with a fresh token, and waits until the window shows the account. */
export async function signIn(stage: Stage, window: Workbench): Promise<void> {
  await window.runCommand('Connect to Jottacloud…');
  await window.pick('Personal login token');
  await window.answer(stage.emulator.newLoginToken(), 'Paste a personal login token');
  await window.quickInputBox.waitFor({ state: 'hidden' });
  await window.treeRow('Jotta').first().waitFor();
}

/** Mounts through the palette and returns the kernel's id of the mount. */
export async function mount(stage: Stage, window: Workbench): Promise<string> {
  await window.runCommand('Mount Jottacloud');
  return await until('Jottacloud is mounted', () => stage.getMountId());
}

/** Opens a file of /Jotta/Archive by clicking its row in the Jottacloud side bar. */
export async function openFromTree(window: Workbench, name: string): Promise<void> {
  await window.openView('Jottacloud');
  await window.expand('Jotta');
  await window.expand('Archive');
  await window.treeRow(name).first().click();
  await window.tab(name).first().waitFor();
}

/** Types at the end of the active editor, and waits until the tab is dirty. */
export async function typeAtEnd(window: Workbench, text: string): Promise<void> {
  await window.focusEditor();
  await window.page.keyboard.press('Control+End');
  await window.page.keyboard.type(text);
  await window.page.locator('.tabs-container .tab.active.dirty').waitFor();
}

/**
 * The messages that the window holds, in its notification centre: a toast is gone after a few seconds. Waits for the
 * first one with `text`, then opens the centre.
 */
export async function showNotifications(window: Workbench, text: string): Promise<Locator> {
  await window.page.locator('.statusbar-item[id="status.notifications"] .codicon-bell-dot').waitFor();
  const centre = window.page.locator('.notifications-center.visible');
  const items = window.page.locator('.notifications-center .notification-list-item');
  const wanted = items.filter({ hasText: text }).first();
  // Whatever takes the focus meanwhile closes the centre again.
  await until(`a notification says "${text}"`, async () => {
    if (await wanted.isVisible()) return true;
    if (!(await centre.isVisible())) await window.runCommand('Notifications: Show Notifications');
    return wanted.isVisible();
  });
  return items;
}

/** Waits until the server has `content` at `file`, told by its MD5. */
export async function untilOnServer({ emulator }: Stage, file: string, content: string): Promise<void> {
  const md5 = md5Of(content);
  await until(`${file} has the content saved`, () => findOnServer(emulator, file)?.md5 === md5);
}

export function findOnServer(emulator: Emulator, file: string) {
  return emulator.tree().find((item) => item.path === file);
}

// Waiting

/** Looks at the mount every few milliseconds until stopped; `stop` answers the ids seen, `none` for a gap. */
export function watchMount(stage: Stage): { stop(): Promise<readonly string[]> } {
  const seen = new Set<string>();
  let stopped = false;
  const done = (async () => {
    while (!stopped) {
      seen.add((await stage.getMountId()) ?? 'none');
      // A test that fails does not stop it; it must not keep the process.
      await delay(10, undefined, { ref: false });
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await done;
      return [...seen];
    },
  };
}

/** Asks the kernel's table, not the folder: a folder with a dead mount on it would not answer. */
export async function findMountId(mountPoint: string): Promise<string | undefined> {
  const rows = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' '));
  return rows.find((fields) => fields[4] === mountPoint)?.[0];
}

/** Ends the drive that the extension started with `--state <stateDir>`, and what it may have left mounted. */
export async function endDrive(stateDir: string, mountPoint: string): Promise<void> {
  const pids = await findDrives(stateDir);
  for (const pid of pids) tryKill(pid, 'SIGTERM');
  const end = performance.now() + 10_000;
  while (pids.some((pid) => tryKill(pid, 0)) && performance.now() < end) await delay(50);
  if ((await findMountId(mountPoint)) !== undefined) await detachVolume(mountPoint);
  for (const pid of pids) tryKill(pid, 'SIGKILL');
}
