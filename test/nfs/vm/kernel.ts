import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { zstdDecompressSync } from 'node:zlib';
import { getCacheDir } from '../../../tools/setup/codeServer.ts';

const run = promisify(execFile);

export interface Kernel {
  /** Absolute path of the image to boot. */
  readonly image: string;
  /** What `names` and all they depend on are, in the order in which they must be loaded. Built-in ones are left out. */
  loadModules(names: readonly string[]): Promise<readonly KernelModule[]>;
}

export interface KernelModule {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Packages whose only purpose is to depend on the newest kernel for virtual machines: Debian's, and Ubuntu's. */
const metaPackages = ['linux-image-cloud-amd64', 'linux-image-virtual'];

/**
 * The distribution's own kernel for virtual machines, with which nothing on this computer is touched: its packages are
 * downloaded by apt and unpacked into the cache, once per version.
 */
export async function ensureKernel(): Promise<Kernel> {
  const packages = await findPackages();
  const dir = path.join(getCacheDir(), `vm-${packages[0]}`);
  const there = await readdir(dir).catch(() => []);
  if (there.length === 0) await install(packages, dir);
  const boot = path.join(dir, 'boot');
  const image = (await readdir(boot)).find((name) => name.startsWith('vmlinuz'));
  if (image === undefined) throw new Error(`there is no kernel in ${boot}`);
  return {
    image: path.join(boot, image),
    loadModules: (names) => loadModules(path.join(dir, 'lib', 'modules'), names),
  };
}

/** The package of the image, and where they are apart that of the modules. */
async function findPackages(): Promise<readonly [string, ...string[]]> {
  for (const meta of metaPackages) {
    const [image] = await findDependencies(meta, /^linux-image-\d/);
    if (image !== undefined) return [image, ...(await findDependencies(image, /^linux-modules-\d/))];
  }
  throw new Error(`apt knows none of ${metaPackages.join(', ')}: run apt-get update`);
}

async function findDependencies(name: string, pattern: RegExp): Promise<string[]> {
  const { stdout } = await run('apt-cache', ['depends', name]).catch(() => ({ stdout: '' }));
  const found = stdout.matchAll(/^ {2}Depends: (\S+)$/gm);
  return [...found].map(([, dependency]) => dependency ?? '').filter((dependency) => pattern.test(dependency));
}

/** Made aside and renamed into place: what is there is whole. */
async function install(packages: readonly string[], dir: string): Promise<void> {
  console.error(`setup: downloading ${packages.join(', ')} into ${dir} (once)`);
  await mkdir(path.dirname(dir), { recursive: true });
  const building = await mkdtemp(`${dir}.`);
  await run('apt-get', ['download', '-qq', ...packages], { cwd: building });
  for (const file of await readdir(building)) {
    await run('dpkg', ['-x', file, '.'], { cwd: building });
    await rm(path.join(building, file));
  }
  // Another run may have been faster: its installation is as good.
  await rename(building, dir).catch(() => rm(building, { recursive: true }));
}

async function loadModules(dir: string, names: readonly string[]): Promise<KernelModule[]> {
  const files = new Map<string, string>();
  for (const file of await readdir(dir, { recursive: true })) {
    const [, name] = /([^/]+)\.ko(\.xz|\.zst)?$/.exec(file) ?? [];
    if (name !== undefined) files.set(toKey(name), path.join(dir, file));
  }
  const loaded = new Map<string, KernelModule>();
  const load = async (name: string): Promise<void> => {
    const key = toKey(name);
    const file = files.get(key);
    if (file === undefined || loaded.has(key)) return;
    const bytes = await readUnpacked(file);
    for (const dependency of getDependencies(bytes)) await load(dependency);
    loaded.set(key, { name: key, bytes });
  };
  for (const name of names) await load(name);
  return [...loaded.values()];
}

/** A module is named in two spellings. */
const toKey = (name: string): string => name.replaceAll('-', '_');

/** From the module itself: the list for all of them is only made when a kernel is installed. */
function getDependencies(module: Buffer): string[] {
  const [, names = ''] = /\0depends=([^\0]*)\0/.exec(module.toString('latin1')) ?? [];
  return names.split(',').filter((name) => name !== '');
}

async function readUnpacked(file: string): Promise<Buffer> {
  if (file.endsWith('.zst')) return zstdDecompressSync(await readFile(file));
  if (!file.endsWith('.xz')) return readFile(file);
  const { stdout } = await run('xz', ['-dc', file], { encoding: 'buffer', maxBuffer: 64 * 1024 ** 2 });
  return stdout;
}
