/** Tests that do not pass, and why that is as it should be. */
export interface Excuse {
  /** Full names. */
  readonly tests: RegExp;
  readonly outcome: 'failed' | 'skipped';
  readonly reason: string;
}

const onLocalDisk = 'rclone runs it on a local disk only';

/** The packages of rclone 1.60.1 whose tests are run. What is not excused has to pass (PROTOCOL.md §7). */
export const suites: Readonly<Record<string, readonly Excuse[]>> = {
  'backend/jottacloud': [
    {
      tests: /\/(FsCommand|FsOpenWriterAt|FsChangeNotify|ObjectMetadata|SetTier|FsPutStream|FsPutChunked|FsShutdown)$/,
      outcome: 'skipped',
      reason: 'an ability that rclone does not give this backend',
    },
    { tests: /\/(FsCheckWrap|ObjectCheckWrap|Internal)$/, outcome: 'skipped', reason: 'about other kinds of backend' },
  ],
  'fs/operations': [
    { tests: /^(TestDeduplicate|TestMergeDirs)/, outcome: 'skipped', reason: 'no two items have one name' },
    { tests: /^(TestRc[A-Z]|TestUploadFile$)/, outcome: 'skipped', reason: onLocalDisk },
  ],
  'fs/sync': [
    { tests: /^(TestRc[A-Z]|TestSyncWithMaxDuration|TestMaxTransfer)/, outcome: 'skipped', reason: onLocalDisk },
    { tests: /^TestServerSideMoveOverlap$/, outcome: 'skipped', reason: 'about services that cannot move folders' },
    { tests: /^TestSyncIgnoreCase$/, outcome: 'skipped', reason: 'about services that tell names apart by case' },
  ],
  vfs: [
    { tests: /^(TestRc[A-Z]|TestFunctional$)/, outcome: 'skipped', reason: onLocalDisk },
    { tests: /^TestCaseSensitivity$/, outcome: 'skipped', reason: 'about services that tell names apart by case' },
  ],
};
