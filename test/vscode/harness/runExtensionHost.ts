import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runTests } from '@vscode/test-electron';
import { ensureCodeServer, getCacheDir } from '../../../tools/setup/codeServer.ts';
import { stageFiles } from '../../../tools/setup/packages/stage.ts';
import { getHostTarget } from '../../../tools/setup/packages/targets.ts';
import { root } from '../../../tools/setup/root.ts';
import { startEmulator } from '../../emulator/emulator.ts';

// Runs test/vscode/suite in a real extension host and ends with 0 only when the suite says so itself, in a file:
//   node test/vscode/harness/runExtensionHost.ts [--extension DIR] [--tests FILE] [--grep TEXT]
// JOTTACLOUD_TEST_COUNTS names that file, JOTTACLOUD_TEST_CODE a desktop VS Code to use instead of code-server.

const { values } = parseArgs({
  options: {
    extension: { type: 'string' },
    tests: { type: 'string' },
    grep: { type: 'string', default: '' },
  },
});
const workDir = await mkdtemp(path.join(process.env.TMPDIR ?? os.tmpdir(), 'eh-'));
const extension = values.extension === undefined ? await stageExtension() : path.resolve(values.extension);
const countsFile = process.env.JOTTACLOUD_TEST_COUNTS ?? path.join(workDir, 'counts.json');
const folder = path.join(workDir, 'workspace');
const home = path.join(workDir, 'home');
for (const dir of [folder, home]) await mkdir(dir);
await rm(countsFile, { force: true });

if (process.env.JOTTACLOUD_TEST_CODE === undefined) await ensureCodeServer();
// A failing suite may leave a drive behind; it ends itself when its last window has been gone for its grace.
const emulator = await startEmulator();
// As large as folders of photographs are: what showing one costs is measured. One content for all is put soonest.
for (let index = 0; index < 5_000; index += 1) {
  await emulator.put(`/Jotta/Archive/five thousand/picture ${index}.jpg`, 'a picture');
}
let code = 0;
try {
  await runTests({
    vscodeExecutablePath: process.env.JOTTACLOUD_TEST_CODE ?? path.join(import.meta.dirname, 'codeStandIn.ts'),
    extensionDevelopmentPath: extension,
    extensionTestsPath: path.resolve(values.tests ?? path.join(extension, 'suite', 'index.cjs')),
    launchArgs: [
      folder,
      `--user-data-dir=${path.join(workDir, 'user-data')}`,
      `--extensions-dir=${path.join(workDir, 'extensions')}`,
    ],
    extensionTestsEnv: {
      // The stand-in is started by name of `node` and is TypeScript: it needs this one, not any on the PATH.
      PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`,
      HOME: home,
      JOTTACLOUD_ENDPOINT: emulator.url,
      JOTTACLOUD_TEST_LOGIN_TOKEN: emulator.newLoginToken(),
      // Where the stand-in finds code-server in spite of the other HOME.
      XDG_CACHE_HOME: path.dirname(getCacheDir()),
      JOTTACLOUD_STATE_DIR: path.join(workDir, 'state'),
      JOTTACLOUD_TEST_COUNTS: countsFile,
      JOTTACLOUD_TEST_GREP: values.grep,
    },
  });
} catch (error) {
  console.error(String(error));
  code = 1;
}
await emulator.close();
// VS Code calls a host that died a success; only the suite itself knows that it came to its end.
const counts = existsSync(countsFile)
  ? (JSON.parse(await readFile(countsFile, 'utf8')) as { failed: number })
  : undefined;
if (counts === undefined) console.error('the suite did not come to its end: no results');
if (counts === undefined || counts.failed > 0) code = 1;
await rm(workDir, { recursive: true, force: true, maxRetries: 3 });
process.exitCode = code;

/**
 * A folder like an installed package, but with the tests' own entry, and with the suite in it: VS Code gives each extension an
 * object `vscode` of its own, and the suite answers the extension's dialogs in that object.
 */
async function stageExtension(): Promise<string> {
  for (const script of ['build', 'build:suite'])
    execFileSync('npm', ['run', '--silent', script], { cwd: root, stdio: 'inherit' });
  const stage = path.join(workDir, 'extension');
  await mkdir(stage);
  const built = path.join(root, 'dist', 'test');
  await stageFiles(stage, getHostTarget(), { withRuntime: false, extension: path.join(built, 'extension.cjs') });
  await cp(path.join(built, 'suite'), path.join(stage, 'suite'), { recursive: true });
  // Holds mocha for the suite, and the runtime of the drive.
  await symlink(path.join(root, 'node_modules'), path.join(stage, 'node_modules'));
  return stage;
}
