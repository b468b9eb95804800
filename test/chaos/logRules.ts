/** What a round went through, as far as it explains errors in the log. */
export interface Past {
  /** Downloads arrived with wrong bytes, or the server told a wrong md5 of them. */
  readonly corrupt: boolean;
  /** The disk of the state folder was full. */
  readonly fullDisk: boolean;
  readonly powerCut: boolean;
}

interface Rule {
  readonly line: RegExp;
  readonly when: (past: Past) => boolean;
  /** Why this is no fault of the drive. */
  readonly because: string;
}

/** ERROR lines that are fair; any other is a violation. */
const rules: readonly Rule[] = [
  {
    line: /file operation failed operation=read .*EIO.*downloaded bytes do not match their md5/,
    when: ({ corrupt }) => corrupt,
    because: 'wrong bytes are never handed out: EIO, and said so (SEMANTICS.md, read)',
  },
  {
    line: /the drive cannot start .*(ENOSPC|disk is full|disk I\/O error|unable to open database)/,
    when: ({ fullDisk }) => fullDisk,
    because: 'without a byte of space the database cannot be opened',
  },
  {
    line: /the drive cannot start code=(offline|timeout|server|protocol)/,
    when: () => true,
    because: 'a login token can only be exchanged with a server that answers',
  },
  {
    line: /a file lost bytes with the power; what is left of it is set aside/,
    when: ({ powerCut }) => powerCut,
    because: 'a row may reach the disk before the bytes it promises; that is told (SEMANTICS.md, "Durability")',
  },
  {
    line: /planning failed .*disk is full/,
    when: ({ fullDisk }) => fullDisk,
    because: 'a plan writes hand-overs to the database; it is made again a second later',
  },
];

/** Where a line begins. */
const stamp = /\d{4}-\d\d-\d\dT[\d:.]+Z /;

/** A full disk takes the beginning of a line, and goes on with another when it has room again: what it says is not known. */
function isTorn(line: string): boolean {
  return stamp.test(line.slice(1));
}

export function findUnfairErrors(log: readonly string[], past: Past): string[] {
  const errors = log.filter((line) => line.includes(' ERROR ') && !(past.fullDisk && isTorn(line)));
  return errors.filter((error) => !rules.some(({ line, when }) => when(past) && line.test(error)));
}
