import { accountCases } from './cases/account.ts';
import { copyAndTrashCases } from './cases/copiesAndTrash.ts';
import { folderCases } from './cases/folders.ts';
import { moveCases } from './cases/moves.ts';
import { nameCases } from './cases/names.ts';
import { recursiveCases } from './cases/recursive.ts';
import { restoringCases } from './cases/restoring.ts';
import { revisionCases } from './cases/revisions.ts';
import { transferCases } from './cases/transfers.ts';
import { wholeAccountCases } from './cases/wholeAccount.ts';
import type { AccountCase, FolderCase } from './world.ts';

/**
 * The contract of src/jottacloud/client.ts: what it does against any service that speaks PROTOCOL.md. The same
 * cases run against the emulator, each under every quirk that its answers depend on (quirks.test.ts), and against the real
 * service (test/live/main.ts).
 */
export const cases: readonly FolderCase[] = [
  ...accountCases,
  ...folderCases,
  ...transferCases,
  ...revisionCases,
  ...moveCases,
  ...copyAndTrashCases,
  ...restoringCases,
  ...nameCases,
  ...recursiveCases,
];

/** Only for an account of one's own. */
export const casesForWholeAccount: readonly AccountCase[] = wholeAccountCases;
