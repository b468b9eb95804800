import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { root } from '../root.ts';

const run = promisify(execFile);

interface Locked {
  /** Folder of the package below the clone, as npm would install it. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
}

/**
 * Folder of a package at the version of package-lock.json: the installed one, else one fetched from the registry whose bytes
 * are those of the lock file. `inside`: the package whose own copy is meant where there are several.
 */
export async function ensurePackage(name: string, inside?: string): Promise<string> {
  const locked = await findLocked(name, inside);
  const installed = path.join(root, locked.folder);
  if (existsSync(path.join(installed, 'package.json'))) return installed;
  const cache = path.join(root, 'node_modules', '.cache', 'packages');
  const kept = path.join(cache, createHash('sha256').update(locked.integrity).digest('hex').slice(0, 16));
  if (existsSync(kept)) return path.join(kept, 'package');
  await mkdir(cache, { recursive: true });
  const temporary = await mkdtemp(path.join(cache, 'new-'));
  try {
    const tarball = await download(locked, temporary);
    await checkIntegrity(tarball, locked.integrity);
    await run('tar', ['-xzf', tarball, '-C', temporary]);
    await rm(tarball);
    await rename(temporary, kept);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  return path.join(kept, 'package');
}

/** @throws Error when the bytes are not those that package-lock.json names */
export async function checkIntegrity(file: string, integrity: string): Promise<void> {
  const [algorithm = '', expected] = integrity.split('-');
  const found = createHash(algorithm)
    .update(await readFile(file))
    .digest('base64');
  if (found !== expected) throw new Error(`${path.basename(file)} is not what package-lock.json names: ${found}`);
}

async function download({ name, version }: Locked, into: string): Promise<string> {
  const { stdout } = await run('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', into], {
    cwd: into,
  });
  return path.join(into, stdout.trim());
}

async function findLocked(name: string, inside: string | undefined): Promise<Locked> {
  const { packages } = JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8'));
  const own = `node_modules/${inside}/node_modules/${name}`;
  const folder = inside !== undefined && own in packages ? own : `node_modules/${name}`;
  const entry = packages[folder];
  if (entry === undefined) throw new Error(`package-lock.json has no ${name}`);
  return { folder, name: entry.name ?? name, version: entry.version, integrity: entry.integrity };
}
