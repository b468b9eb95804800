import type { Quirks } from '../emulator/quirks.ts';

/** What a person does with a volume, in this order. */
export const acts = [
  'read small',
  'random read',
  'read large',
  'read a replaced version',
  'new file',
  'edit',
  'set times',
  'rename',
  'delete',
  'poll',
] as const;

export type Act = (typeof acts)[number];

/** Something the client would like to rely on, and a service that does not do it. */
export interface Row {
  readonly lacks: string;
  readonly quirks: Partial<Quirks>;
  /** What the client does instead. */
  readonly instead: string;
  /** What it says after all acts that it does another way; nothing when absent. */
  readonly lacking?: readonly string[];
  /** The large file has 40 MB, and not a tenth of it. */
  readonly readsLarge?: boolean;
}

/** Rows of the table in PROTOCOL.md §8. */
export const rows: readonly Row[] = [
  { lacks: 'nothing of this', quirks: {}, instead: '', readsLarge: true },
  {
    lacks: 'parts of files',
    quirks: { range: 'ignored', pinnedRange: 'ignored' },
    instead: 'reads a file whole, once, into the cache',
    lacking: ['range'],
    readsLarge: true,
  },
  ...(['ignored', '400', '404', '500'] as const).map((pinnedRange): Row => {
    const lacks = `parts of older revisions (${pinnedRange})`;
    const instead = 'reads that revision whole, once';
    return { lacks, quirks: { pinnedRange }, instead, lacking: ['pinnedRange'], readsLarge: true };
  }),
  {
    lacks: '`conflict_handler` (ignored)',
    quirks: { conflictStatus: 'ignored' },
    instead: 'looks before and after, keeps both versions',
    lacking: ['rejectConflicts'],
  },
  {
    lacks: '`conflict_handler` (refused)',
    quirks: { conflictStatus: 'refused' },
    instead: 'the same, without it',
    lacking: ['rejectConflicts'],
  },
  ...(['listing', '400', '404'] as const).map((liststream): Row => {
    const lacks = `whole trees in one listing (${liststream})`;
    const instead = 'lists folder by folder';
    return { lacks, quirks: { liststream }, instead, lacking: ['recursiveListings'] };
  }),
  ...(['ignored', '400', '404'] as const).map((cphash): Row => {
    const instead = 'allocates the same content with the new times';
    return { lacks: `\`cphash\` (${cphash})`, quirks: { cphash }, instead, lacking: ['timesByContent'] };
  }),
  { lacks: 'dedup', quirks: { dedup: 'off' }, instead: 'sends the bytes' },
  { lacks: 'empty files at once', quirks: { emptyFile: 'upload' }, instead: 'sends an empty upload' },
  { lacks: 'upload addresses that last', quirks: { uploadUrl: 'single-use' }, instead: 'allocates again' },
  { lacks: 'leniency in requests', quirks: { requests: 'strict' }, instead: 'leaves nothing out' },
  { lacks: 'revisions numbered one by one', quirks: { revisionNumbers: 'jumping' }, instead: 'takes any number' },
  {
    lacks: 'one revision for one content',
    quirks: { sameContent: 'new-revision' },
    instead: 'goes by md5 and size',
  },
  {
    lacks: 'dates that move with every change',
    quirks: { deviceModified: 'newest-file' },
    instead: 'lists all live folders on every 4th poll',
  },
  ...(['no-token', 'forbidden', 'refused', 'silent'] as const).map((eventSocket): Row => {
    return { lacks: `the event socket (${eventSocket})`, quirks: { eventSocket }, instead: 'polls' };
  }),
  {
    lacks: 'answers to moves (500)',
    quirks: { moveAnswer: '500-though-done' },
    instead: 'looks at both ends',
  },
  { lacks: 'answers to moves (404)', quirks: { moveAnswer: '404-though-done' }, instead: 'looks at both ends' },
  { lacks: 'moves that make parents', quirks: { moveMakesParents: '404' }, instead: 'makes parents first' },
  { lacks: 'renames by case', quirks: { caseRename: '409' }, instead: 'goes by way of another name' },
  {
    lacks: 'moves of files onto trashed names (refused)',
    quirks: { moveOntoTrashed: '409' },
    instead: 'puts the content there and removes the source',
  },
  {
    lacks: 'moves of files onto trashed names (stays there)',
    quirks: { moveOntoTrashed: 'stays-trashed' },
    instead: 'takes it out by its content',
  },
  {
    lacks: 'moves of folders onto trashed names',
    quirks: { moveFolderOntoTrashed: '409' },
    instead: 'nothing: the trash is not emptied to make room',
  },
  {
    lacks: 'folders made onto trashed names',
    quirks: { mkDirUntrashes: 'off' },
    instead: 'nothing: the same',
  },
  { lacks: 'the new spelling of trashed names', quirks: { trashedCase: 'old' }, instead: 'takes either' },
  { lacks: '`dl` of what is trashed', quirks: { dlOfTrashed: '404' }, instead: 'takes it for done' },
  {
    lacks: '`\\` in addresses',
    quirks: { backslashInName: '400' },
    instead: 'spells it `＼`',
    lacking: ['backslashInNames'],
  },
  {
    lacks: '`;` in names',
    quirks: { semicolonInName: 'refused' },
    instead: 'spells it `；`',
    lacking: ['semicolonInNames'],
  },
  { lacks: 'md5 in lower case', quirks: { md5Case: 'upper' }, instead: 'compares lower-cased' },
  { lacks: 'times in UTC', quirks: { timeZone: '+0100' }, instead: 'reads any zone' },
  { lacks: 'dense documents', quirks: { xmlLayout: 'lines' }, instead: 'ignores white space' },
  {
    lacks: 'what is old or odd in listings',
    quirks: { mstyle: 'absent', viewsOnDevice: 'without-trash-and-links' },
    instead: 'does not use it',
  },
];
