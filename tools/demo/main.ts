import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { startEmulator } from '../../test/emulator/emulator.ts';
import { startCodeServer } from '../../test/vscode/harness/startCodeServer.ts';
import { packageQuietly } from '../setup/packageQuietly.ts';
import { findDesktopCode, openDesktop } from './desktop.ts';
import { endDrive, isMounted, mountPoint } from './mount.ts';
import { writeSamples } from './samples.ts';
import { takeScreenshot } from './screenshot.ts';

// `npm run demo [-- --screenshot FILE]`: a real VS Code on a local Jottacloud, signed in and mounted.

const { values } = parseArgs({ options: { screenshot: { type: 'string' } } });

const welcome = `# Jottacloud demo

- The cloud in the activity bar shows the account; click a file to open it.
- The same account is mounted at \`${mountPoint}\`: look at it in a terminal or your file manager.
- The Jottacloud view is beside this page. Edit and save anything. The status bar tells when it has reached the (local, emulated) server.
`;

/** What a person has to do first. */
class Unprepared extends Error {}

/** Undone in reverse order, however the demo ends. */
const cleanUps: (() => unknown)[] = [];
const interrupted = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
});
try {
  await runDemo();
} catch (error) {
  console.error(error instanceof Unprepared ? error.message : error);
  process.exitCode = 1;
} finally {
  if (cleanUps.length > 0) console.log('\nUnmounting and stopping…');
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
}

async function runDemo(): Promise<void> {
  if (await isMounted()) throw new Unprepared(`something is mounted at ${mountPoint} already; unmount it first`);
  if ((await readdir(mountPoint).catch(() => [])).length > 0) {
    throw new Unprepared(`${mountPoint} is not empty, and the demo mounts there; move what is in it, then try again`);
  }
  const workDir = await mkdtemp(path.join('/tmp', 'jotta-demo-'));
  // Never with a mount below it or a drive still writing: this runs last.
  cleanUps.push(async () => await rm(workDir, { recursive: true, force: true, maxRetries: 3 }));

  const seed = path.join(workDir, 'samples');
  await writeSamples(seed);
  const emulator = await startEmulator({ seed, state: path.join(workDir, 'emulator') });
  cleanUps.push(async () => await emulator.close());

  const stateDir = path.join(workDir, 'state');
  const env = {
    HOME: os.homedir(),
    JOTTACLOUD_ENDPOINT: emulator.url,
    JOTTACLOUD_DEMO_LOGIN_TOKEN: emulator.newLoginToken(),
    JOTTACLOUD_STATE_DIR: stateDir,
  };
  cleanUps.push(async () => await endDrive(stateDir));

  const folder = path.join(workDir, 'Jottacloud demo');
  await mkdir(folder);
  await writeFile(path.join(folder, 'README.md'), welcome);
  const code = values.screenshot === undefined ? findDesktopCode() : undefined;
  const vsix = path.join(workDir, 'jottacloud.vsix');
  console.log('Packaging the extension…');
  await packageQuietly(vsix, { withRuntime: true, extension: await bundleExtension(workDir) });

  if (code !== undefined) {
    const window = await openDesktop(code, { workDir, folder, vsix, env });
    cleanUps.push(() => window.close());
    console.log(`\n${describe('in the VS Code window that has just opened')}`);
    await Promise.race([window.closed, interrupted]);
    return;
  }

  const server = await startCodeServer({ workDir, vsix, folder, env });
  cleanUps.push(async () => await server.stop());
  if (values.screenshot !== undefined) {
    const ended = interrupted.then(() => Promise.reject(new Error('interrupted')));
    await Promise.race([takeScreenshot(server.url, path.resolve(values.screenshot)), ended]);
    console.log(`Saved ${values.screenshot}`);
    return;
  }
  console.log(`\n${describe(`at ${server.url}`)}`);
  openInBrowser(server.url);
  await interrupted;
}

/** Answers the file. */
async function bundleExtension(workDir: string): Promise<string> {
  const outfile = path.join(workDir, 'extension.cjs');
  const entry = path.join(import.meta.dirname, 'extension.ts');
  await build({ entryPoints: [entry], outfile, bundle: true, format: 'cjs', platform: 'node', external: ['vscode'] });
  return outfile;
}

function describe(where: string): string {
  return `VS Code is ${where}\nThe volume appears at ${mountPoint}\nPress Ctrl+C to unmount and stop.\n`;
}

/** Only where there is a screen to see it on. */
function openInBrowser(url: string): void {
  const hasDisplay = process.platform === 'darwin' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (!hasDisplay) return;
  const opener = spawn(process.platform === 'darwin' ? 'open' : 'xdg-open', [url], { stdio: 'ignore', detached: true });
  opener.once('error', () => undefined);
  opener.unref();
}
