import type { Operation, Result } from './operations.ts';
import { close, list, load, mkdir, open, read, save, seek, symlink, write } from './steps.ts';

/** What the name that is opened is beforehand. */
export const targets = ['absent', 'file', 'folder', 'link to a file', 'dangling link'] as const;
export type Target = (typeof targets)[number];

const optional = ['O_CREAT', 'O_EXCL', 'O_TRUNC', 'O_APPEND'];

/** Every combination of access, O_CREAT, O_EXCL, O_TRUNC, O_APPEND and synchronisation: 144. */
export const flagCombinations: readonly string[] = ['O_RDONLY', 'O_WRONLY', 'O_RDWR'].flatMap((access) =>
  Array.from({ length: 2 ** optional.length }, (_, bits) =>
    optional.filter((_flag, index) => (bits >> index) & 1),
  ).flatMap((chosen) => [[], ['O_DSYNC'], ['O_SYNC']].map((sync) => [access, ...chosen, ...sync].join('|'))),
);

/** Makes the target `name` and what it points at in `folder`. */
export function prepareTarget(target: Target, folder: string): Operation[] {
  const steps: Record<Target, Operation[]> = {
    absent: [],
    file: [save(`${folder}/name`, 'content')],
    folder: [mkdir(`${folder}/name`)],
    'link to a file': [save(`${folder}/other`, 'content'), symlink('other', `${folder}/name`)],
    'dangling link': [symlink('other', `${folder}/name`)],
  };
  return [mkdir(folder), ...steps[target]];
}

/** Opens it and tells what comes of reading, writing, and what is there afterwards. */
export function tryFlags(flags: string, folder: string): Operation[] {
  return [
    open('h', `${folder}/name`, flags),
    read('h', 20, 0),
    write('h', 'XY'),
    seek('h', 0, 'SEEK_CUR'),
    write('h', 'Z'),
    read('h', 20, 0),
    close('h'),
    load(`${folder}/name`),
    list(folder),
  ];
}

/**
 * What a read-only volume answers to `tryFlags`, from what a writable local folder answers: an open that would have changed
 * something, or could have, is EROFS; every other refusal stands. Nothing is changed.
 */
export function whenReadOnly(flags: string, target: Target, truth: readonly Result[]): Result[] {
  const [opened] = truth as [Result];
  const changes = /O_WRONLY|O_RDWR|O_TRUNC/.test(flags) || target === 'absent' || target === 'dangling link';
  const refused: Result | undefined = 'error' in opened ? opened : changes ? { error: 'EROFS' } : undefined;
  const isFile = target === 'file' || target === 'link to a file';
  const after: Result[] = [
    isFile ? { value: 'content' } : { error: target === 'folder' ? 'EISDIR' : 'ENOENT' },
    { value: listed[target] },
  ];
  const badHandle: Result = { error: 'EBADF' };
  if (refused !== undefined) return [refused, ...Array<Result>(6).fill(badHandle), ...after];
  // Opened read-only: what a local folder answers is right, for nothing is written there either.
  return [...truth.slice(0, 7), ...after];
}

const listed: Record<Target, string[]> = {
  absent: [],
  file: ['name file'],
  folder: ['name folder'],
  'link to a file': ['name link', 'other file'],
  'dangling link': ['name link'],
};
