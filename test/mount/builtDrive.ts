import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../tools/setup/root.ts';

/** The headless drive as a package has it. */
export const builtDrive = path.join(root, 'dist', 'headless.cjs');

/** Builds it where it is missing; `npm test` has built it anew before. */
export function ensureBuilt(): void {
  if (existsSync(builtDrive)) return;
  assert.equal(spawnSync('npm', ['run', '--silent', 'build:drive'], { cwd: root }).status, 0);
}
