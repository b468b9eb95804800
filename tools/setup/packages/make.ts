import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { type Contents, stageFiles } from './stage.ts';
import type { Target } from './targets.ts';

/** Packs `dist`, as it was built last, and all else that `target` needs into the file `out`. */
export async function makePackage(target: Target, out: string, contents: Contents): Promise<void> {
  await mkdir(path.dirname(out), { recursive: true });
  const stage = await mkdtemp(path.join(os.tmpdir(), 'vsix-'));
  try {
    await stageFiles(stage, target, contents);
    await createVSIX({
      cwd: stage,
      packagePath: out,
      // All there is was laid out; its packages are none that npm would know of.
      dependencies: false,
      ...(target === 'universal' ? {} : { target }),
      rewriteRelativeLinks: false,
      skipLicense: true,
    });
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}
