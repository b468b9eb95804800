import type { LocalName, RemoteName } from './conflictActs.ts';

const edited: Record<RemoteName, string> = {
  edited: 'other/ + parent/file (copy).txt=ours + parent/file.txt=theirs + parent/still.txt=still',
  removed: 'other/ + parent/file.txt=ours + parent/still.txt=still',
  renamed: 'other/ + parent/file.txt=ours + parent/still.txt=still + parent/theirs.txt=base',
  'replaced by a folder':
    'other/ + parent/file (copy).txt=ours + parent/file.txt/inner.txt=theirInner + parent/still.txt=still',
  'its folder moved': 'other/ + parent/file.txt=ours + their parent/file.txt=base + their parent/still.txt=still',
  'its folder removed': 'other/ + parent/file.txt=ours',
  'its time changed': 'other/ + parent/file.txt=ours + parent/still.txt=still',
  'given the same bytes': 'other/ + parent/file.txt=ours + parent/still.txt=still',
};

/**
 * What both sides hold after every pair of changes, as `path=content` below the row's folder; an empty folder ends in `/`,
 * `(copy)` stands for the conflict name. Two of them where it matters what comes first: [the listing, the push].
 */
export const outcomes: Record<LocalName, Record<RemoteName, string | readonly [string, string]>> = {
  edited,
  'written, not flushed': {
    ...edited,
    'given the same bytes': [
      'other/ + parent/file (copy).txt=ours + parent/file.txt=ours + parent/still.txt=still',
      'other/ + parent/file.txt=ours + parent/still.txt=still',
    ],
  },
  'opened, written later': edited,
  touched: {
    edited: 'other/ + parent/file.txt=theirs + parent/still.txt=still',
    removed: 'other/ + parent/still.txt=still',
    renamed: 'other/ + parent/still.txt=still + parent/theirs.txt=base',
    'replaced by a folder': 'other/ + parent/file.txt/inner.txt=theirInner + parent/still.txt=still',
    'its folder moved': 'other/ + their parent/file.txt=base + their parent/still.txt=still',
    'its folder removed': 'other/',
    'its time changed': 'other/ + parent/file.txt=base + parent/still.txt=still',
    'given the same bytes': 'other/ + parent/file.txt=base + parent/still.txt=still',
  },
  removed: {
    edited: 'other/ + parent/file.txt=theirs + parent/still.txt=still',
    removed: 'other/ + parent/still.txt=still',
    renamed: 'other/ + parent/still.txt=still + parent/theirs.txt=base',
    'replaced by a folder': 'other/ + parent/file.txt/inner.txt=theirInner + parent/still.txt=still',
    'its folder moved': 'other/ + their parent/file.txt=base + their parent/still.txt=still',
    'its folder removed': 'other/',
    'its time changed': 'other/ + parent/still.txt=still',
    'given the same bytes': 'other/ + parent/still.txt=still',
  },
  renamed: {
    edited: 'other/ + parent/ours.txt=theirs + parent/still.txt=still',
    removed: 'other/ + parent/ours.txt=base + parent/still.txt=still',
    renamed: 'other/ + parent/ours.txt=base + parent/still.txt=still + parent/theirs.txt=base',
    'replaced by a folder':
      'other/ + parent/file.txt/inner.txt=theirInner + parent/ours.txt=base + parent/still.txt=still',
    'its folder moved': 'other/ + parent/ours.txt=base + their parent/file.txt=base + their parent/still.txt=still',
    'its folder removed': 'other/ + parent/ours.txt=base',
    'its time changed': 'other/ + parent/ours.txt=base + parent/still.txt=still',
    'given the same bytes': 'other/ + parent/ours.txt=base + parent/still.txt=still',
  },
  'moved to another folder': {
    edited: 'other/file.txt=theirs + parent/still.txt=still',
    removed: 'other/file.txt=base + parent/still.txt=still',
    renamed: 'other/file.txt=base + parent/still.txt=still + parent/theirs.txt=base',
    'replaced by a folder': 'other/file.txt=base + parent/file.txt/inner.txt=theirInner + parent/still.txt=still',
    'its folder moved': 'other/file.txt=base + their parent/file.txt=base + their parent/still.txt=still',
    'its folder removed': 'other/file.txt=base',
    'its time changed': 'other/file.txt=base + parent/still.txt=still',
    'given the same bytes': 'other/file.txt=base + parent/still.txt=still',
  },
  'edited and moved': {
    edited: [
      'other/file (copy).txt=ours + parent/file.txt=theirs + parent/still.txt=still',
      'other/file (copy).txt=ours + other/file.txt=theirs + parent/still.txt=still',
    ],
    removed: 'other/file.txt=ours + parent/still.txt=still',
    renamed: 'other/file.txt=ours + parent/still.txt=still + parent/theirs.txt=base',
    'replaced by a folder': 'other/file.txt=ours + parent/file.txt/inner.txt=theirInner + parent/still.txt=still',
    'its folder moved': 'other/file.txt=ours + their parent/file.txt=base + their parent/still.txt=still',
    'its folder removed': 'other/file.txt=ours',
    'its time changed': 'other/file.txt=ours + parent/still.txt=still',
    'given the same bytes': [
      'other/file (copy).txt=ours + parent/file.txt=ours + parent/still.txt=still',
      'other/file.txt=ours + parent/still.txt=still',
    ],
  },
  'replaced by a folder': {
    edited: 'other/ + parent/file (copy).txt/inner.txt=ourInner + parent/file.txt=theirs + parent/still.txt=still',
    removed: 'other/ + parent/file.txt/inner.txt=ourInner + parent/still.txt=still',
    renamed: 'other/ + parent/file.txt/inner.txt=ourInner + parent/still.txt=still + parent/theirs.txt=base',
    'replaced by a folder':
      'other/ + parent/file.txt/inner (copy).txt=ourInner + parent/file.txt/inner.txt=theirInner + parent/still.txt=still',
    'its folder moved':
      'other/ + parent/file.txt/inner.txt=ourInner + their parent/file.txt=base + their parent/still.txt=still',
    'its folder removed': 'other/ + parent/file.txt/inner.txt=ourInner',
    'its time changed': 'other/ + parent/file.txt/inner.txt=ourInner + parent/still.txt=still',
    'given the same bytes': 'other/ + parent/file.txt/inner.txt=ourInner + parent/still.txt=still',
  },
  'its folder moved': {
    edited: 'other/parent/file.txt=theirs + other/parent/still.txt=still',
    removed: 'other/parent/still.txt=still',
    renamed: 'other/parent/still.txt=still + other/parent/theirs.txt=base',
    'replaced by a folder': 'other/parent/file.txt/inner.txt=theirInner + other/parent/still.txt=still',
    'its folder moved': 'other/parent/ + their parent/file.txt=base + their parent/still.txt=still',
    'its folder removed': 'other/parent/',
    'its time changed': 'other/parent/file.txt=base + other/parent/still.txt=still',
    'given the same bytes': 'other/parent/file.txt=base + other/parent/still.txt=still',
  },
  'edited, its folder moved': {
    edited: 'other/parent/file (copy).txt=ours + other/parent/file.txt=theirs + other/parent/still.txt=still',
    removed: 'other/parent/file.txt=ours + other/parent/still.txt=still',
    renamed: 'other/parent/file.txt=ours + other/parent/still.txt=still + other/parent/theirs.txt=base',
    'replaced by a folder':
      'other/parent/file (copy).txt=ours + other/parent/file.txt/inner.txt=theirInner + other/parent/still.txt=still',
    'its folder moved': 'other/parent/file.txt=ours + their parent/file.txt=base + their parent/still.txt=still',
    'its folder removed': 'other/parent/file.txt=ours',
    'its time changed': 'other/parent/file.txt=ours + other/parent/still.txt=still',
    'given the same bytes': 'other/parent/file.txt=ours + other/parent/still.txt=still',
  },
  'its folder removed': {
    edited: 'other/ + parent/file.txt=theirs',
    removed: 'other/',
    renamed: 'other/ + parent/theirs.txt=base',
    'replaced by a folder': 'other/ + parent/file.txt/inner.txt=theirInner',
    'its folder moved': 'other/ + their parent/file.txt=base + their parent/still.txt=still',
    'its folder removed': 'other/',
    'its time changed': 'other/',
    'given the same bytes': 'other/',
  },
};
