import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../root.ts';

/** Writes names, versions and licenses of the packages in the bundles and of those in the folders `shipped`. */
export async function writeNotices(file: string, shipped: readonly string[]): Promise<void> {
  const folders = [...new Set([...(await findBundled()), ...shipped])];
  const sections = await Promise.all(folders.map(describePackage));
  const head =
    'The extension holds parts of these packages. The license of Node.js is in runtime/LICENSE, where it is shipped.';
  await writeFile(file, [head, ...sections.sort()].join(`\n\n${'-'.repeat(80)}\n\n`));
}

/** Folders of the packages that the bundles were made of, as their source maps tell. */
async function findBundled(): Promise<string[]> {
  const dist = path.join(root, 'dist');
  const maps = (await readdir(dist)).filter((name) =>
    /^(extension|drive|checksumWorker|repeater)\..*\.map$/.test(name),
  );
  const found = new Set<string>();
  for (const name of maps) {
    const { sources } = JSON.parse(await readFile(path.join(dist, name), 'utf8')) as { sources: string[] };
    for (const source of sources) {
      const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(source)?.[1];
      if (folder !== undefined) found.add(path.resolve(dist, folder));
    }
  }
  return [...found];
}

async function describePackage(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
  const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
  const text = file === undefined ? '' : (await readFile(path.join(folder, file), 'utf8')).trim();
  return `${name} ${version} (${license})\n\n${text}`.trim();
}
