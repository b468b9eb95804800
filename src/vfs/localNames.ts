/**
 * Files that the system or an editor leaves behind and that no one wants on other devices (design.md §9); the default of
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

function toRegExp(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'isu');
}
