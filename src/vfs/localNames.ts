import type { NodeRow } from '../store/nodeRow.ts';

/**
 * Files that the system or an editor leaves behind and that no one wants on other devices; the default of
 * the setting `jottacloud.files.ignoredNames`. `*` stands for any characters; case does not matter.
 */
export const defaultLocalNames: readonly string[] = [
  '.DS_Store',
  '..DS_Store*',
  '._*',
  '.Spotlight-V100',
  '.Trashes',
  '.fseventsd',
  '.TemporaryItems',
  '.apdisk',
  '.metadata_never_index',
  '.VolumeIcon.icns',
  '.com.apple.timemachine.*',
  'Icon\r',
  '.~lock.*#',
  '.#*',
  '~$*',
];

/** The names that stay on this computer. A change of the list counts for names made after it. */
export class LocalNames {
  #patterns: readonly RegExp[] = [];

  constructor(patterns: readonly string[]) {
    this.replace(patterns);
  }

  replace(patterns: readonly string[]): void {
    this.#patterns = patterns.filter((pattern) => pattern !== '').map(toRegExp);
  }

  matches(name: string): boolean {
    return this.#patterns.some((pattern) => pattern.test(name));
  }
}

const litterNames = new LocalNames(defaultLocalNames);

/** A file that stays here and that nobody misses: it does not keep its folder. Not what only the user's own setting keeps here. */
export function isLitter({ kind, localOnly, name }: NodeRow): boolean {
  return kind === 'file' && localOnly && litterNames.matches(name);
}

function toRegExp(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'isu');
}
