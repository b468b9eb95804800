import { constants, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createVSIX } from '@vscode/vsce';
import type { PackageOptions } from './packageQuietly.ts';
import { root } from './root.ts';

// npm run package [-- --out FILE] [--without-runtime]

const target = `${process.platform}-${process.arch}`;

/** Builds the extension for this platform into one installable file. Needs no network. */
async function packageVsix({ out, withRuntime }: PackageOptions): Promise<void> {
  const runtime = path.join(root, 'runtime');
  await rm(runtime, { recursive: true, force: true });
  await mkdir(path.dirname(out), { recursive: true });
  const temporary = await mkdtemp(path.join(os.tmpdir(), 'vsix-'));
  try {
    if (withRuntime) await copyRuntime(runtime);
    const ignoreFile = path.join(temporary, 'vscodeignore');
    const common = await readFile(path.join(root, '.vscodeignore'), 'utf8');
    await writeFile(ignoreFile, `${common}\n${getPlatformFiles().join('\n')}\n`);
    await createVSIX({
      cwd: root,
      packagePath: out,
      target,
      ignoreFile,
      rewriteRelativeLinks: false,
      allowMissingRepository: true,
      skipLicense: true,
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
    await rm(runtime, { recursive: true, force: true });
  }
}

/** The native parts of this platform only; npm has put those of all platforms side by side. */
function getPlatformFiles(): string[] {
  return [
    `!node_modules/fuse-native/prebuilds/${target}*/**`,
    // Beside or inside keytar, as npm saw fit.
    `!node_modules/keytar/node_modules/@napi-rs/keyring-${target}*/**`,
    `!node_modules/@napi-rs/keyring-${target}*/**`,
  ];
}

/** Copies the Node.js that runs this, which is the pinned one, to where the extension looks for it. */
async function copyRuntime(runtime: string): Promise<void> {
  await mkdir(runtime, { recursive: true });
  await copyFile(process.execPath, path.join(runtime, 'node'), constants.COPYFILE_FICLONE);
  await copyFile(path.join(path.dirname(process.execPath), '..', 'LICENSE'), path.join(runtime, 'LICENSE'));
}

if (import.meta.main) {
  const { version, name } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: path.join(root, `${name}-${target}-${version}.vsix`) },
      'without-runtime': { type: 'boolean', default: false },
    },
  });
  await packageVsix({ out: path.resolve(values.out), withRuntime: !values['without-runtime'] });
}
