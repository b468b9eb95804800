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
  #patterns: readonly (readonly string[])[] = [];

  constructor(patterns: readonly string[]) {
    this.replace(patterns);
  }

  replace(patterns: readonly string[]): void {
    this.#patterns = patterns.filter((pattern) => pattern !== '').map((pattern) => pattern.toLowerCase().split('*'));
  }

  matches(name: string): boolean {
    const lower = name.toLowerCase();
    return this.#patterns.some((parts) => matchesParts(lower, parts));
  }
}

const litterNames = new LocalNames(defaultLocalNames);

/** A file that stays here and that nobody misses: it does not keep its folder. Not what only the user's own setting keeps here. */
export function isLitter({ kind, localOnly, name }: NodeRow): boolean {
  return kind === 'file' && localOnly && litterNames.matches(name);
}

/**
 * What stands between the stars, each found as early as can be: what comes after it has the most room then, so that nothing
 * is ever tried twice. (A regular expression tries every split, which takes seconds for one name.)
 */
function matchesParts(name: string, parts: readonly string[]): boolean {
  const first = parts[0] ?? '';
  if (parts.length === 1) return name === first;
  const last = parts.at(-1) ?? '';
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}
