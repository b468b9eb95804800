/** Tunables of the write-back layer; times in ms. */
export const writebackLimits = {
  /** Quiet time after the last change of a node before it is pushed: an editor's save dance becomes one revision. */
  settleMs: 2_000,
  /** Quiet time of a folder that was only moved or renamed. */
  movedFolderMs: 200,
  /** Quiet time of a file that a program keeps open for writing: a log, a database. Its flushed bytes are pushed. */
  heldOpenMs: 60_000,
  /** Quiet time of what looks temporary and was never pushed; a rename to its real name ends it. */
  temporaryMs: 10 * 60_000,
  /** Files sent side by side unless told otherwise; the official client stops at 6 transfers (PROTOCOL.md §6). */
  parallelPushes: 6,
  /**
   * An upload of less is quick, as every change without content is: what it takes is the way there and back. Bytes. Of quick
   * ones so many times as many as of others go side by side at most, while none takes longer than `quickMs` and so many times
   * the shortest (pushWidth.ts).
   */
  quickBytes: 256 * 1024,
  quickPerTransfer: 4,
  quickMs: 1_000,
  quickSlowdown: 4,
  /** A file of this size or more is sent in the lane of large ones (pushQueue.ts): several seconds of a line of 2 MB/s. Bytes. */
  largeBytes: 8 * 1024 * 1024,
  /** What is left to send of a file goes in one piece up to this size: a stream costs more than its bytes. Bytes. */
  wholeBytes: 64 * 1024,
  /** A removal waits no longer than this for the end of a removal of all that is in its folder. */
  longestRemovalMs: 15_000,
  /** From a change to the next planning pass, at least: changes come in bursts. */
  nudgeMs: 20,
  /** And at most: the computer may have slept, or its clock been set, in the middle of a pass. */
  longestNudgeMs: 2_000,
  /** A planning pass is followed by this many times its own length without one: while many changes wait, programs keep the processor. */
  planShare: 10,
  /** Rows looked at per planning pass: bounds memory and time when a whole tree is pending. */
  planRows: 2_000,
  /** First and longest wait before a failed push is tried again; doubled each time, with jitter. */
  firstRetryMs: 1_000,
  lastRetryMs: 300_000,
  /** A push that failed this often in a row is told of: what passes in a moment is no news. */
  toldFailures: 3,
  /** First and longest wait between probes while the network is gone. */
  firstProbeMs: 1_000,
  lastProbeMs: 30_000,
  /** A folder listed this long ago at most is good enough to remove something in it. */
  freshMs: 5_000,
  /** Refusals that pass when the account changes are tried again this often. */
  refusalRetryMs: 10 * 60_000,
  /** A listing that has not answered by then fails the file operation that needs it. */
  listingDeadlineMs: 15_000,
  /** Reads wait so long for a network that has just gone, with a pause between tries; then they fail at once until it is back. */
  networkGraceMs: 20_000,
  networkPauseMs: 1_000,
  /** A folder looked at within this time is live: the poller lists it again when the account moved. */
  liveMs: 10 * 60_000,
  /** Of more, those looked at last are live: one walk through a large account must not have all of it listed at every poll. */
  liveFolders: 500,
  /** Live folders are listed on every n-th poll even when the mountpoint's size and date stand still. */
  fullPollEvery: 4,
  /** A listing is asked for again when our own pushes moved its folder meanwhile; so many times before the caller is told. */
  listingTries: 3,
  /** PATH_MAX without its NUL, bytes; a larger `.rclonelink` file is no link. */
  linkTargetMax: 4095,
  /** Targets of links made elsewhere that are read side by side, and how long a listing waits for them: then they are files so far. */
  parallelTargets: 6,
  targetsWaitMs: 5_000,
  /** Listings side by side. */
  parallelListings: 4,
  /** Folders of one parent that a program waits for, one after the other, before it is taken for a walk. */
  walkSiblings: 2,
  /** A walk that looks into no folder for so long is over. */
  walkPauseMs: 500,
  /** Listings ahead of a walk side by side. */
  walkListings: 12,
  /** Folders listed ahead that nobody has looked into: so many for each that was looked into, and at most. */
  walkFoldersPerStep: 4,
  walkFolders: 64,
  /** Folders a walk may still come to that are remembered. */
  walkPlanned: 4_000,
  /** Events are gathered for this long before the folders they name are listed: most come several at a time. */
  gatherMs: 200,
  /** A listing asked for by events is followed by another look at what it should have shown, after this long. */
  recheckMs: 1_000,
  /** Listings one event may cost: the second because the first may have been answered before the change. */
  looksPerSighting: 2,
  /** Looks that events may ask for in a row, and the pace at which more are granted: a storm of events is no storm of requests. */
  looksAtOnce: 10,
  lookEveryMs: 1_000,
  /** A look that takes long counts for more: in a lasting storm at most one part in so many of the time is spent listing. */
  lookCost: 4,
  /** What a look counts for at most: the computer may have slept, or its clock been set, in the middle of it. */
  longestLookMs: 60_000,
  /** Listed folders nobody looked at lately that one look may include; the others are revalidated when they are looked at. */
  idleFoldersPerLook: 8,
  /** Events kept before all live folders are listed instead; bounds memory, and the time to go through them to about 20 ms. */
  pendingSightings: 2_000,
  /** An upload with no more than this to go is not cancelled: it may be done before the server hears of it. Bytes. */
  lastBytes: 1024 * 1024,
  /** While a new file of this size or more is sent, another may come to its path: it is looked at afterwards. Bytes. */
  watchedBytes: 8 * 1024 * 1024,
  /**
   * After all bytes of a file of `watchedBytes` or more were sent, and no answer told what became of them: the server is asked so
   * often, and so long in all, and so much longer for each GiB, whether it is there, before anything is sent once more. It may
   * work through the bytes that long (PROTOCOL.md §3.2).
   */
  arrivalFirstMs: 1_000,
  arrivalLookMs: 30_000,
  arrivalMs: 300_000,
  arrivalMsPerGib: 120_000,
  /** Upload attempts that end short before the push counts as failed; each continues where the last one stopped. */
  resumes: 5,
} as const;
