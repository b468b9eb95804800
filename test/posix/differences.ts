import type { Result } from './operations.ts';

/** What the volume answers where a local file system answers otherwise, and the sentence of SEMANTICS.md that says so. */
export interface Difference {
  readonly because: string;
  /** By the index of the operation. All other answers are those of the local file system. */
  readonly answers: Readonly<Record<number, Result>>;
}

/** By the name of the case. */
export type Differences = Readonly<Record<string, Difference>>;

const ok: Result = { value: null };
const value = (given: unknown): Result => ({ value: given });
const error = (name: string): Result => ({ error: name });

const anyCase = 'Any spelling that differs only in case or normalisation finds the node.';
const free = 'The name is free in every spelling, or O_EXCL gives EEXIST; without O_EXCL the existing file is opened.';
const litter = 'A folder with only litter in it, local-only files of the default names, is empty; they go with it.';
const stored = 'Names are stored in NFC.';
const linkNames =
  'The name `NAME.rclonelink` is EEXIST where there is a link `NAME`: it is that of the link on the server.';
const nfc = 'bl\u00e5b\u00e6r \u00e9';

export const differences: Differences = {
  'O_TMPFILE leaves no name behind': {
    because: 'O_TMPFILE is EOPNOTSUPP.',
    answers: { 0: error('EOPNOTSUPP') },
  },
  'any spelling that differs only in case finds the node': {
    because: anyCase,
    answers: { 3: value('x'), 4: value({ size: 1 }), 5: value('y'), 7: ok, 8: value(1), 9: ok, 10: value('z') },
  },
  'the name is free in every spelling, or O_EXCL gives EEXIST': {
    because: free,
    answers: { 1: error('EEXIST'), 2: error('EEXIST'), 3: error('EEXIST'), 4: value(['File file']) },
  },
  'without O_EXCL the file of the other spelling is opened': {
    because: free,
    answers: { 2: value('old'), 5: value(['File file']), 6: value('new') },
  },
  'a rename onto the other case of another name replaces it': {
    because: anyCase,
    answers: { 3: value(['b file']) },
  },
  'a name removed in another case is gone': {
    because: anyCase,
    answers: { 1: ok, 2: value([]), 4: ok, 5: value([]) },
  },
  'any spelling that differs only in normalisation finds the node': {
    because: anyCase,
    answers: { 1: value('x'), 2: value({ size: 1 }), 3: error('EEXIST'), 4: value([`${nfc} file`]) },
  },
  'names are stored in NFC': {
    because: stored,
    answers: {
      1: value('x'),
      2: value([`${nfc} file`]),
      3: ok,
      4: ok,
      5: value([`${nfc} file`]),
      8: value([`${nfc} file`]),
    },
  },
  'a name that is not UTF-8': {
    because: 'A name, the target of a link or the name of an attribute that is not UTF-8 is EILSEQ.',
    answers: { 0: error('EILSEQ'), 1: error('EILSEQ'), 2: value([]) },
  },
  'an attribute whose name is not UTF-8': {
    because: 'A name, the target of a link or the name of an attribute that is not UTF-8 is EILSEQ.',
    answers: { 1: error('EILSEQ'), 2: error('EILSEQ'), 3: value([]) },
  },
  'a folder with litter alone is removed': {
    because: litter,
    answers: { 2: ok, 3: value([]) },
  },
  'a target with children that are not local-only is ENOTEMPTY': {
    because: litter,
    answers: { 6: ok, 7: value(['b/ 0o755 now']) },
  },
  'a file and a symlink whose server name it would have are two things': {
    because: linkNames,
    answers: { 1: error('EEXIST'), 2: value(['l link']), 3: error('ENOENT') },
  },
  'a removed folder that is open lists nothing and takes nothing': {
    because: 'A folder that is removed while it is open answers ESTALE to fstat.',
    answers: { 3: error('ESTALE') },
  },
  'atime is kept': {
    because: 'atime is mtime.',
    answers: { 2: value({ atime: '1000000000.123456789' }) },
  },
  'a value of 64 KiB is kept': {
    because: 'A value takes up to 64 KiB, whatever else the file has.',
    answers: { 1: ok, 2: value('65536 bytes, md5 263d480ebebad5f6e163943b63037bf0') },
  },
  'security and system attributes say no, or that there are none, but never EIO': {
    because:
      '`system.*`, `security.*` and `trusted.*` are EOPNOTSUPP, for reading too. A name without a namespace is taken, as macOS gives them.',
    answers: { 1: error('EOPNOTSUPP'), 2: error('EOPNOTSUPP'), 3: error('EOPNOTSUPP'), 6: ok, 7: value('x') },
  },
  'a hard link is EPERM, and leaves nothing': {
    because: 'hard links, device nodes, pipes, sockets | EPERM',
    answers: { 1: error('EPERM'), 2: value(['f file']) },
  },
  'a pipe is EPERM': {
    because: 'hard links, device nodes, pipes, sockets | EPERM',
    answers: { 0: error('EPERM'), 1: value([]) },
  },
  'other fallocate modes are EOPNOTSUPP': {
    because: 'Any other mode is EOPNOTSUPP.',
    answers: {
      2: error('EOPNOTSUPP'),
      4: value({ size: 20_000 }),
      5: value('20000 bytes, md5 aa4d8b4b6b567386ce7c1ec22a75ec2c'),
    },
  },
  'a punched hole is found': {
    because: 'A punched hole counts as data.',
    answers: { 3: value(196_608), 4: value(65_536) },
  },
};

/** What holds only where the binding serves the volume: it knows files by their paths. */
export const bindingDifferences: Differences = {
  'the attributes of an unlinked open file are known when its folder is gone too': {
    because:
      'fstat, futimens and fchmod of an open file that was removed are ESTALE once its folder is removed or replaced too; reading and writing go on.',
    answers: { 6: error('ESTALE'), 7: error('ESTALE') },
  },
  'an inode number stays over a remount': {
    because: 'Inode numbers last until the kernel forgets the file, at the latest until the volume is unmounted.',
    answers: { 3: value({ ino: 'other' }) },
  },
};
