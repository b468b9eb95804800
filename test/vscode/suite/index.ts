import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Mocha from 'mocha';
import { type Counts, toLine } from '../../../tools/setup/countReporter.ts';

/** Called by VS Code inside the extension host (`extensionTestsPath`); rejects when a test fails. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', reporter: 'spec', color: false, timeout: 60_000, forbidPending: true });
  const grep = process.env.JOTTACLOUD_TEST_GREP;
  if (grep) mocha.grep(grep);
  // Each file is a bundle of its own beside this one (`npm run build:suite`).
  for (const name of readdirSync(__dirname).sort()) {
    if (name.endsWith('.test.cjs')) mocha.addFile(path.join(__dirname, name));
  }
  await new Promise<void>((resolve, reject) => {
    const runner = mocha.run((failures) =>
      failures === 0 ? resolve() : reject(new Error(`${failures} tests failed`)),
    );
    const failed: string[] = [];
    const titles = new Set<string>();
    runner.on('pass', (test) => titles.add(test.title));
    runner.on('fail', (test, error: Error) => failed.push(toLine(test.fullTitle(), error.message)));
    // The proof that the suite came to its end; VS Code's exit code is none.
    runner.once('end', () => {
      const { passes = 0, failures = 0 } = runner.stats ?? {};
      const file = process.env.JOTTACLOUD_TEST_COUNTS;
      const counts: Counts = { passed: passes, failed: failures, failures: failed, passedTitles: [...titles] };
      if (file) writeFileSync(file, JSON.stringify(counts));
    });
  });
}
