import { existsSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packageQuietly } from '../../../tools/setup/packageQuietly.ts';
import { installExtension } from '../harness/startCodeServer.ts';

/** Environment variable of the installed extension: the file that says how many ms a drive without a window stays. */
export const graceVariable = 'TEST_GRACE_FILE';

let installed: Promise<string> | undefined;

/**
 * A folder of extensions that holds this one, packaged from the working tree and installed as a user does it. Made once in a
 * run of the suite, whose temporary folder all its processes share; else once in a process.
 */
export function getExtensionsDir(): Promise<string> {
  installed ??= makeOnce();
  return installed;
}

async function makeOnce(): Promise<string> {
  const { TMPDIR: runDir, JOTTACLOUD_TEST_RUN: run } = process.env;
  const isShared = run !== undefined && runDir !== undefined;
  const dir = isShared ? runDir : await mkdtemp(path.join(tmpdir(), 'vsix-'));
  if (!isShared) process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  const extensionsDir = path.join(dir, 'extensions');
  if (existsSync(extensionsDir)) return extensionsDir;
  const vsix = path.join(dir, 'jottacloud.vsix');
  await packageQuietly(vsix, { withRuntime: false });
  await installExtension(vsix, extensionsDir);
  await addRuntime(extensionsDir);
  return extensionsDir;
}

/**
 * The drive runs on what a user's package brings along; packing it each time would cost seconds. So does how long it stays without
 * a window, which the extension leaves to the drive: `graceVariable` sets it.
 */
async function addRuntime(extensionsDir: string): Promise<void> {
  const names = await readdir(extensionsDir);
  for (const name of names.filter((each) => each.startsWith('jottacloud-drive.'))) {
    const runtime = path.join(extensionsDir, name, 'runtime');
    await mkdir(runtime);
    const start = `#!/bin/sh\nexec '${process.execPath}' "$@" --grace "$(cat "$${graceVariable}")"\n`;
    await writeFile(path.join(runtime, 'node'), start, { mode: 0o755 });
  }
}
