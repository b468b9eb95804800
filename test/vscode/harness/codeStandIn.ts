#!/usr/bin/env node
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { format, parseArgs } from 'node:util';
import { openBrowser } from './openBrowser.ts';
import { startCodeServer, toRemoteUri } from './startCodeServer.ts';

/*
 * Stands in for desktop VS Code's executable: takes the flags that @vscode/test-electron gives to `code`, runs the test
 * suite in the extension host of a code-server with a headless browser on it, and ends with the suite's exit code.
 * A host that dies is reported by VS Code as a success, so this looks at how the host ended.
 */

/** The browser shows the console of the whole window; these lines are the window's own. */
const workbenchNoise =
  /workbench\/workbench\.js:|^\s*(%s|%c)?\s*(Resolv|Creating a socket|Started local extension host|Ignoring (the error|fetching)|Updating additional|An iframe which has both|ERR |INFO |WARN |\[(reconnection|remote-connection|Service Worker|AgentHost|AccountPolicy|DefaultAccount))/;
const suiteTimeoutMs = 360_000;
const exitCodes = { timeout: 71, hostDied: 70, usage: 64 };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: {
    extensionTestsPath: { type: 'string' },
    extensionDevelopmentPath: { type: 'string' },
    'extensions-dir': { type: 'string' },
    'user-data-dir': { type: 'string' },
  },
});
process.exitCode = await runSuite();

async function runSuite(): Promise<number> {
  const { extensionTestsPath, extensionDevelopmentPath } = values;
  if (typeof extensionTestsPath !== 'string' || typeof extensionDevelopmentPath !== 'string') return exitCodes.usage;
  const workDir = await mkdtemp(path.join(process.env.TMPDIR ?? '/tmp', 'vs-'));
  const server = await startCodeServer({
    workDir,
    extensionDir: extensionDevelopmentPath,
    folder: positionals[0],
    userDataDir: asText(values['user-data-dir']),
    extensionsDir: asText(values['extensions-dir']),
    // As on the desktop. A browser's VS Code saves by itself: such a save, when due, ends the one that a test waits for.
    settings: { 'files.autoSave': 'off' },
    ...(process.env.HOME === undefined ? {} : { env: { HOME: process.env.HOME } }),
  });
  const browser = await openBrowser();
  const ended = new AbortController();
  const cutShort = () => ended.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, cutShort);
  try {
    const page = await browser.context.newPage();
    const { promise: suiteEnd, resolve: endSuite } = Promise.withResolvers<number>();
    await page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) => {
      const line = format(...args);
      if (!workbenchNoise.test(line)) process.stdout.write(`${line}\n`);
    });
    await page.exposeFunction('codeAutomationExit', (code: number) => endSuite(code));
    const tests = toRemoteUri(`127.0.0.1:${server.port}`, extensionTestsPath);
    await page.goto(
      server.getUrl(server.folder, [
        ['extensionTestsPath', tests],
        ['enableProposedApi', ''],
      ]),
    );
    const timeout = delay(suiteTimeoutMs, exitCodes.timeout, { signal: ended.signal }).catch(() => exitCodes.timeout);
    const code = await Promise.race([suiteEnd, timeout]);
    if (code === exitCodes.timeout) console.error('stand-in: no end of the suite, giving up');
    // The server prints a host's end a moment after the page hears of it.
    await delay(300);
    const badEnd = findBadHostEnd(await server.readLog());
    if (badEnd !== undefined) console.error(`stand-in: ${badEnd}`);
    return code === 0 && badEnd !== undefined ? exitCodes.hostDied : code;
  } finally {
    ended.abort();
    await browser.close();
    await server.stop();
    await rm(workDir, { recursive: true, force: true });
  }
}

function findBadHostEnd(log: string): string | undefined {
  const ends = log.match(/Extension Host Process exited with code: .*/g) ?? [];
  return ends.find((end) => !end.includes('code: 0, signal: null'));
}

function asText(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
