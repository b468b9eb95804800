import { spawn } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { downloadAndUnzipVSCode, SilentReporter } from '@vscode/test-electron';
import { getCacheDir } from '../../../tools/setup/codeServer.ts';

// `npm run test:desktop [-- --vscode VERSION] [--grep TEXT]`: the suite of test/vscode/suite, which `npm test` runs in
// code-server, in a desktop VS Code that is downloaded from Microsoft once. Fails where that cannot be had: nothing was tested.

const { values } = parseArgs({
  options: { vscode: { type: 'string', default: 'stable' }, grep: { type: 'string', default: '' } },
});

const code = await tryDownload(values.vscode);
if (code === undefined) process.exitCode = 1;
else if (needsScreen() && !(await canRun('xvfb-run', '--help'))) {
  console.error('Desktop VS Code needs a screen, and there is none here. Install xvfb, then try again.');
  process.exitCode = 1;
} else process.exitCode = await runSuite(code);

/** The executable, or undefined after saying why there is none. */
async function tryDownload(version: string): Promise<string | undefined> {
  console.log(`Looking for desktop VS Code (${version})…`);
  try {
    return await downloadAndUnzipVSCode({
      version,
      cachePath: path.join(getCacheDir(), 'desktop'),
      reporter: new SilentReporter(),
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.error(
      `Desktop VS Code cannot be downloaded from update.code.visualstudio.com, so nothing was tested: ${reason}\n` +
        'The same suite runs on code-server with: npm test vscode',
    );
    return undefined;
  }
}

function needsScreen(): boolean {
  return process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY;
}

async function canRun(command: string, ...args: readonly string[]): Promise<boolean> {
  return (await run(command, args, process.env, 'ignore')) === 0;
}

function runSuite(executable: string): Promise<number> {
  const runner = path.join(import.meta.dirname, 'runExtensionHost.ts');
  const command = [process.execPath, runner, '--grep', values.grep];
  const [file = '', ...args] = needsScreen() ? ['xvfb-run', '-a', ...command] : command;
  return run(file, args, { ...process.env, JOTTACLOUD_TEST_CODE: executable }, 'inherit');
}

/** Resolves with the exit code; 1 when it did not start or was ended by a signal. */
function run(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  stdio: 'inherit' | 'ignore',
): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { env, stdio });
    child.once('error', () => resolve(1));
    child.once('exit', (exitCode) => resolve(exitCode ?? 1));
  });
}
