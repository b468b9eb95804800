import { stateDir } from '../protocol/stateDir.ts';
import { defaultCacheDir } from './cacheDir.ts';
import { leave } from './leave.ts';

/** VS Code runs this once the extension is gone for good (`vscode:uninstall`), on whatever Node.js it has. */
leave(stateDir(), defaultCacheDir()).then(
  (notices) => {
    for (const notice of notices) process.stdout.write(`${notice}\n`);
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
