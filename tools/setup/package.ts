import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { makePackage } from './packages/make.ts';
import { parseTarget, type Target, targets } from './packages/targets.ts';
import { findFaults } from './packages/verify.ts';
import { root } from './root.ts';

// npm run package -- [--target T | --all] [--out FILE | --out-dir DIR] [--verify] [--checksums] [--without-runtime] [--extension FILE]
//
// Builds the extension into installable files: for this computer, without a network; for others with their native parts from
// the npm registry, held against package-lock.json. Without a runtime the extension host must itself be a plain Node.js.

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: `${process.platform}-${process.arch}` },
    all: { type: 'boolean', default: false },
    out: { type: 'string' },
    'out-dir': { type: 'string', default: root },
    verify: { type: 'boolean', default: false },
    checksums: { type: 'boolean', default: false },
    'without-runtime': { type: 'boolean', default: false },
    extension: { type: 'string' },
  },
});
const chosen = values.all ? targets : [parseTarget(values.target)];
const { version, name } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));

await promisify(execFile)('npm', ['run', '--silent', 'build'], { cwd: root });
const contents = { withRuntime: !values['without-runtime'], extension: values.extension };
const sums: string[] = [];
for (const target of chosen) {
  const file = path.resolve(values.out ?? path.join(values['out-dir'], `${name}-${target}-${version}.vsix`));
  await makePackage(target, file, contents);
  if (values.verify) await verifyPackage(target, file);
  if (values.checksums) sums.push(`${await hash(file)}  ${path.basename(file)}\n`);
  console.log(`${file}: ${((await stat(file)).size / 1e6).toFixed(1)} MB`);
}

if (values.checksums) await writeFile(path.resolve(values['out-dir'], 'SHA256SUMS'), sums.join(''));

async function hash(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

async function verifyPackage(target: Target, file: string): Promise<void> {
  const faults = await findFaults(file, target);
  if (faults.length > 0) throw new Error(`the package of ${target} is not right:\n  ${faults.join('\n  ')}`);
}
