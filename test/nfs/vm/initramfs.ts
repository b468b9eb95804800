import { execFile } from 'node:child_process';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type ArchiveEntry, makeArchive } from './cpio.ts';
import type { KernelModule } from './kernel.ts';

const run = promisify(execFile);
const busybox = '/bin/busybox';
const linkMode = 0o120777;
const worker = path.join(import.meta.dirname, '../../posix/worker');

/** The posix worker in the machine, as a command. */
export const workerCommand = ['python3', '-S', '/worker/worker.py'];

/** Prints Python's program, and the modules that the worker and the agent import with their compiled forms. */
const listPython = `
import os, sys
sys.path.insert(0, ${JSON.stringify(worker)})
import json, on_handles, on_names, socket, subprocess, threading, trees
files = {sys.prefix + "/lib/python%d.%d/os.py" % sys.version_info[:2]}
for module in list(sys.modules.values()):
    files.update(filter(None, (getattr(module, "__file__", None), getattr(module, "__cached__", None))))
print("\\n".join([os.path.realpath(sys.executable), *sorted(file for file in files if not file.startswith(sys.path[0]))]))
`;

/** All that the machine has: BusyBox, Python, the agent and the worker of the posix tests. */
export async function makeInitramfs(modules: readonly KernelModule[]): Promise<Buffer> {
  // Without what is installed beside it, here as there.
  const [python = '', ...files] = (await run('python3', ['-ISBc', listPython])).stdout.trim().split('\n');
  const found = new Map<string, ArchiveEntry>();
  const libraries = await findLibraries([busybox, python, ...files]);
  for (const file of [python, ...files, ...libraries]) await addFile(found, file);
  const here = import.meta.dirname;
  const all = [
    program('/init', await readFile(path.join(here, 'init.sh'))),
    program(busybox, await readFile(busybox)),
    program('/agent.py', await readFile(path.join(here, 'agent.py'))),
    { path: '/bin/python3', mode: linkMode, mtime: 0, bytes: Buffer.from(python) },
    ...modules.map(({ name, bytes }, index) => program(`/modules/${String(index).padStart(3, '0')} ${name}`, bytes)),
    ...found.values(),
  ];
  for (const name of await readdir(worker)) {
    if (name.endsWith('.py')) all.push(program(`/worker/${name}`, await readFile(path.join(worker, name))));
  }
  for (const folder of ['/proc', '/sys', '/dev', '/root', '/tmp']) {
    all.push({ path: folder, mode: 0o040777, mtime: 0, bytes: Buffer.alloc(0) });
  }
  return makeArchive(all);
}

const program = (name: string, bytes: Buffer): ArchiveEntry => ({ path: name, mode: 0o100755, mtime: 0, bytes });

async function findLibraries(files: readonly string[]): Promise<string[]> {
  const programs = files.filter((file) => !/\.pyc?$/.test(file));
  // It fails for those that need none, after it has told all the others.
  const { stdout } = await run('ldd', programs).catch((error: { stdout: string }) => error);
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, library]) => library ?? '');
}

/** With the links that lead to it: a library is known by the name of one, and Python finds its own by where it is. */
async function addFile(found: Map<string, ArchiveEntry>, file: string): Promise<void> {
  const real = await findLinks(found, file);
  if (found.has(real)) return;
  const info = await lstat(real).catch(() => undefined);
  if (info?.isFile() !== true) return;
  found.set(real, { path: real, mode: info.mode, mtime: Math.floor(info.mtimeMs / 1000), bytes: await readFile(real) });
}

/** Adds the symlinks on the way to `file`; answers where they end. */
async function findLinks(found: Map<string, ArchiveEntry>, file: string): Promise<string> {
  const names = file.split('/').filter((name) => name !== '');
  let at = '/';
  for (const [index, name] of names.entries()) {
    at = path.join(at, name);
    const info = await lstat(at).catch(() => undefined);
    if (info?.isSymbolicLink() !== true) continue;
    const target = await readlink(at);
    found.set(at, { path: at, mode: linkMode, mtime: 0, bytes: Buffer.from(target) });
    return findLinks(found, path.join(path.resolve(path.dirname(at), target), ...names.slice(index + 1)));
  }
  return at;
}
