import { existsSync } from 'node:fs';
import path from 'node:path';
import type Fuse from 'fuse-native';
import { MountError, type MountErrorKind } from '../mountError.ts';

export type FuseModule = typeof Fuse;

/** What installs FUSE 3, by the program that does it; the first is Debian's and Ubuntu's. */
const linuxInstallers: Readonly<Record<string, string>> = {
  'apt-get': 'sudo apt-get install fuse3',
  dnf: 'sudo dnf install fuse3',
  zypper: 'sudo zypper install fuse3',
  pacman: 'sudo pacman -S fuse3',
  apk: 'sudo apk add fuse3',
};

/** The one command that helps; on macOS an approval in System Settings does, which no command gives. */
const allowHint = process.platform === 'darwin' ? '' : 'sudo modprobe fuse';

/** What each stable code of the binding's environment check means to a person. */
const kinds: Readonly<Record<string, MountErrorKind>> = {
  EFUSEDEVICE: 'fuseNotAllowed',
  EFUSEALLOWOTHER: 'fuseNotAllowed',
  // Its timeout is the only sign that macOS waits for the approval of the system extension.
  EMACFUSEMOUNT: 'fuseNotAllowed',
  EMACFUSEABI: 'fuseTooOld',
  EMACFUSEVERSION: 'fuseTooOld',
  EFUSEVERSION: 'fuseTooOld',
};

/** Loads the binding and checks the system: rejects with MountError fuseMissing, fuseNotAllowed or fuseTooOld. */
export async function ensureFuse(): Promise<FuseModule> {
  try {
    const { default: fuseModule } = await import('fuse-native');
    await fuseModule.checkEnvironment();
    return fuseModule;
  } catch (error) {
    throw toFuseError(error) ?? new MountError('fuseMissing', { hint: getInstallHint() }, { cause: error });
  }
}

/** What the binding says about the FUSE of this computer; undefined when it says something else. */
export function toFuseError(error: unknown): MountError | undefined {
  const code = error instanceof Error ? String((error as NodeJS.ErrnoException).code) : '';
  const kind = kinds[code];
  if (kind === undefined) return undefined;
  return new MountError(kind, { hint: kind === 'fuseNotAllowed' ? allowHint : getInstallHint() }, { cause: error });
}

/** The one command that installs or renews FUSE on this system, told by the programs on `searchPath`. */
export function getInstallHint(
  platform: NodeJS.Platform = process.platform,
  searchPath: string = process.env.PATH ?? '',
): string {
  if (platform === 'darwin') return 'brew install --cask macfuse';
  const folders = searchPath.split(path.delimiter);
  const found = Object.keys(linuxInstallers).find((name) => folders.some((dir) => existsSync(path.join(dir, name))));
  return linuxInstallers[found ?? 'apt-get'] ?? '';
}
