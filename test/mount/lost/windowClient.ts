import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../../../src/base/log.ts';
import { defaultNetworkOptions } from '../../../src/base/networkOptions.ts';
import type { DriveOptions } from '../../../src/protocol/messages.ts';
import type { World } from '../support.ts';
import type { Secrets } from './driveProcess.ts';

export const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** The few parts of VS Code's API that the client of the drive uses. */
const vscode = `
export class EventEmitter {
  #listeners = new Set();
  event = (listener) => { this.#listeners.add(listener); return { dispose: () => this.#listeners.delete(listener) }; };
  fire(value) { for (const listener of this.#listeners) listener(value); }
  dispose() { this.#listeners.clear(); }
}
export const window = { state: { focused: true }, onDidChangeWindowState: () => ({ dispose() {} }) };
`;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'vscode'
      ? { url: `data:text/javascript,${encodeURIComponent(vscode)}`, shortCircuit: true }
      : next(specifier, context),
});
const { DriveClient } = await import('../../../src/extension/drive/client.ts');

export const driveOptions: DriveOptions = {
  ...{ pollIntervalMs: 45_000, cacheMaxBytes: 1e9, cacheMinFreeBytes: 0, keepAfterClose: false, ignoredNames: [] },
  ...{ uploadBytesPerSecond: 0, downloadBytesPerSecond: 0, parallelPushes: 4, network: defaultNetworkOptions },
  driver: 'auto',
  followOutsideLinks: false,
  previewsDownload: false,
};

/** The extension's end of a drive, without the rest of VS Code; `drive` is the module that it starts as the drive. */
export async function openClient({ dir, emulator }: World, secrets: Secrets, version: string, drive: string) {
  Object.assign(process.env, { JOTTACLOUD_ENDPOINT: emulator.url, HOME: dir });
  const extensionPath = join(dir, 'extension');
  await mkdir(join(extensionPath, 'dist'), { recursive: true });
  await symlink(join(root, 'node_modules'), join(extensionPath, 'node_modules'));
  await writeFile(join(extensionPath, 'dist', 'module.mjs'), drive);
  await writeFile(
    join(extensionPath, 'dist', 'drive.cjs'),
    "process.argv.push('--grace', '500'); import('./module.mjs');",
  );
  return new DriveClient({
    ...{
      extensionPath,
      version,
      stateDir: join(dir, 'drive'),
      compiledDir: join(root, 'node_modules', '.cache', 'node'),
      log: silentLog,
    },
    tokens: {
      load: async () => secrets.stored,
      store: async (given) => {
        secrets.stored = given;
      },
      clear: async () => {
        secrets.stored = undefined;
      },
      onDidChange: () => ({ dispose: () => {} }),
    },
    getDriveOptions: () => driveOptions,
    inspectPort: undefined,
    getCacheDir: () => join(dir, 'cache'),
  });
}
