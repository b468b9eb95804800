import { existsSync } from 'node:fs';
import path from 'node:path';

/** What installs FUSE 3, by the program that does it; the first is Debian's and Ubuntu's. */
const linuxInstallers: Readonly<Record<string, string>> = {
  'apt-get': 'sudo apt-get install fuse3',
  dnf: 'sudo dnf install fuse3',
  zypper: 'sudo zypper install fuse3',
  pacman: 'sudo pacman -S fuse3',
  apk: 'sudo apk add fuse3',
};

/** The one command that installs or renews FUSE on this system, told by the programs on `searchPath`. */
export function getInstallHint(
  platform: NodeJS.Platform = process.platform,
  searchPath: string = process.env.PATH ?? '',
): string {
  if (platform === 'darwin') return 'brew install --cask macfuse';
  const found = Object.keys(linuxInstallers).find((name) => hasProgram(name, searchPath));
  return linuxInstallers[found ?? 'apt-get'] ?? '';
}

/** Is there a program of this name in one of the folders of `searchPath`? */
export function hasProgram(name: string, searchPath: string = process.env.PATH ?? ''): boolean {
  return searchPath.split(path.delimiter).some((folder) => existsSync(path.join(folder, name)));
}
