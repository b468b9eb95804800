import { readFile } from 'node:fs/promises';
import { getArchitecture } from './binary.ts';
import { isMended } from './mendBinding.ts';
import { getPrebuilds, nativeParts, type Target } from './targets.ts';
import { readZip, type ZipEntry } from './zip.ts';

/** Bytes: a package that grows beyond is to be looked at. One with a runtime is 50 MB, nearly all of it Node.js. */
const largest = { native: 70_000_000, universal: 4_000_000 };

/** What every package holds. */
const always = [
  ...['package.json', 'package.nls.json', 'package.nls.nb.json', 'readme.md', 'changelog.md', 'LICENSE.txt'],
  ...['ThirdPartyNotices.txt', 'l10n/bundle.l10n.nb.json', 'media/jottacloud.svg'],
  ...['extension.cjs', 'drive.cjs', 'checksumWorker.cjs', 'repeater.cjs', 'uninstall.cjs'].map(
    (file) => `dist/${file}`,
  ),
];

/** What a package may hold besides: pictures, and the loaders of native parts. */
const allowed = [
  /^media\/[\w/.-]+\.(svg|png)$/,
  /^runtime\/LICENSE$/,
  /^dist\/node_modules\/((@napi-rs\/)?[\w-]+)\/(package\.json|LICENSE(\.third-party\.md)?|README\.md|[\w-]+\.js|lib\/[\w-]+\.js)$/,
];

/** Opens a package of `target` with its runtime. Answers what is wrong with it, a sentence each; empty: nothing. */
export async function findFaults(file: string, target: Target): Promise<string[]> {
  const bytes = await readFile(file);
  const most = target === 'universal' ? largest.universal : largest.native;
  const entries = readZip(bytes).filter(({ name }) => name.startsWith('extension/'));
  const names = new Map(entries.map((entry) => [entry.name.slice('extension/'.length), entry]));
  const native = getNativeFiles(target);
  const wanted = [...always, ...native];
  const extra = [...names.keys()].filter((name) => !wanted.includes(name) && !allowed.some((rule) => rule.test(name)));
  return [
    ...(bytes.length > most ? [`it has ${bytes.length} bytes`] : []),
    ...wanted.filter((name) => !names.has(name)).map((name) => `${name} is missing`),
    ...extra.map((name) => `${name} does not belong there`),
    ...[...names].flatMap(([name, entry]) => checkCode(target, name, entry, native)),
    ...checkManifest(readZip(bytes), target),
  ];
}

function getNativeFiles(target: Target): readonly string[] {
  if (target === 'universal') return [];
  const { keyring } = nativeParts[target];
  const keyringFile = `keyring.${keyring.slice('@napi-rs/keyring-'.length)}.node`;
  return [
    'runtime/node',
    `dist/node_modules/${keyring}/${keyringFile}`,
    ...getPrebuilds(target).map((prebuild) => `dist/node_modules/fuse-native/${prebuild}`),
  ];
}

function checkCode(target: Target, name: string, entry: ZipEntry, native: readonly string[]): string[] {
  const bytes = entry.read();
  const architecture = getArchitecture(bytes);
  const isNative = native.includes(name);
  if (!isNative) return architecture === undefined ? [] : [`${name} is machine code of ${architecture}`];
  const faults = architecture === target ? [] : [`${name} is of ${architecture ?? 'no machine'}`];
  if (name === 'runtime/node' && (entry.mode & 0o777) !== 0o755)
    faults.push(`${name} has mode ${entry.mode.toString(8)}`);
  const isBinding = target !== 'universal' && name.includes('/fuse-native/');
  if (isBinding && !isMended(target, bytes)) faults.push(`${name} is as it was published`);
  return faults;
}

function checkManifest(entries: readonly ZipEntry[], target: Target): string[] {
  const text =
    entries
      .find(({ name }) => name === 'extension.vsixmanifest')
      ?.read()
      .toString('utf8') ?? '';
  const found = /TargetPlatform="([^"]*)"/.exec(text)?.[1];
  const expected = target === 'universal' ? undefined : target;
  return found === expected ? [] : [`VS Code takes it for ${found ?? 'every platform'}`];
}
