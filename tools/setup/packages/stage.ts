import { chmod, constants, copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../root.ts';
import { mendBinding } from './mendBinding.ts';
import { writeNotices } from './notices.ts';
import { ensurePackage } from './npmPackage.ts';
import { getPrebuilds, type NativeTarget, nativeParts, type Target } from './targets.ts';

/** Of packages that load native files, and so cannot be bundled: what runs. */
const loaders: Readonly<Record<string, readonly string[]>> = {
  'fuse-native': ['package.json', 'LICENSE', 'index.js', 'lib'],
  nanoresource: ['package.json', 'LICENSE', 'index.js', 'emitter.js'],
  inherits: ['package.json', 'LICENSE', 'inherits.js', 'inherits_browser.js'],
  'node-gyp-build': ['package.json', 'LICENSE', 'index.js', 'node-gyp-build.js'],
  keytar: ['package.json', 'LICENSE', 'index.js', 'keytar.js'],
};

export interface Contents {
  /** Ship the Node.js of the target; without it the extension host must itself be a plain Node.js. */
  readonly withRuntime: boolean;
  /** A bundle in place of dist/extension.cjs: the demo and the tests have entries of their own. */
  readonly extension?: string | undefined;
}

/** Lays out in the empty folder `stage` what the package of `target` holds. `dist` was built before. */
export async function stageFiles(stage: string, target: Target, { withRuntime, extension }: Contents): Promise<void> {
  await copyAll(root, stage, await readCommonFiles());
  if (extension !== undefined) await copyFile(extension, path.join(stage, 'dist', 'extension.cjs'));
  await writeManifest(stage);
  const shipped = target === 'universal' ? [] : await stageNativeParts(stage, target, withRuntime);
  await writeNotices(path.join(stage, 'ThirdPartyNotices.txt'), shipped);
}

/** What every target gets from the clone: .vscodeignore ignores all and takes these out again. */
async function readCommonFiles(): Promise<string[]> {
  const lines = (await readFile(path.join(root, '.vscodeignore'), 'utf8')).split('\n');
  return lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1).replace(/\/\*\*$/, ''));
}

/** Binding, keyring and runtime. Answers the folders of the npm packages that they are from. */
export async function stageNativeParts(stage: string, target: NativeTarget, withRuntime: boolean): Promise<string[]> {
  const modules = path.join(stage, 'dist', 'node_modules');
  const { node, keyring } = nativeParts[target];
  const folders: string[] = [];
  for (const [name, files] of Object.entries(loaders)) {
    const from = await ensurePackage(name);
    folders.push(from);
    await copyAll(from, path.join(modules, name), files);
  }
  const fuse = await ensurePackage('fuse-native');
  for (const file of getPrebuilds(target)) {
    const to = path.join(modules, 'fuse-native', file);
    await mkdir(path.dirname(to), { recursive: true });
    await writeFile(to, mendBinding(target, await readFile(path.join(fuse, file))));
  }
  const keyringFolder = await ensurePackage(keyring, 'keytar');
  await cp(keyringFolder, path.join(modules, keyring), { recursive: true });
  if (withRuntime) await stageRuntime(stage, await ensurePackage(node));
  return [...folders, keyringFolder];
}

async function stageRuntime(stage: string, from: string): Promise<void> {
  const runtime = path.join(stage, 'runtime');
  await copyAll(path.join(from, 'bin'), runtime, ['node']);
  await chmod(path.join(runtime, 'node'), 0o755);
  await copyAll(from, runtime, ['LICENSE']);
}

/** Without what only a clone has: what is installed is there already, and nothing is built any more. */
async function writeManifest(stage: string): Promise<void> {
  const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  const { dependencies, devDependencies, optionalDependencies, scripts, ...rest } = manifest;
  const { 'vscode:uninstall': uninstall } = scripts;
  const shown = { ...rest, scripts: { 'vscode:uninstall': uninstall } };
  await writeFile(path.join(stage, 'package.json'), `${JSON.stringify(shown, undefined, 2)}\n`);
}

async function copyAll(from: string, to: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const target = path.join(to, file);
    await mkdir(path.dirname(target), { recursive: true });
    await cp(path.join(from, file), target, { recursive: true, mode: constants.COPYFILE_FICLONE });
  }
}
