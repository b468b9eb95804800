/** Tunables of the database layer. */
export const storeLimits = {
  /** Rows of the dentry cache. */
  cachedNodes: 50_000,
  /** Names of folders kept in memory, about 100 bytes each. */
  cachedNames: 100_000,
  /** From a change to the group commit that makes it survive the machine, ms. With the commit itself well within a second. */
  groupCommitMs: 300,
  /** Until a group commit that the disk refused is tried again by itself, ms. */
  refusedRetryMs: 5_000,
  /** Pages of the write-ahead log that are written back together: what is changed again and again is written once. 8 MiB. */
  logPages: 2_000,
  /** So many are written back in the middle of a commit, though bytes that they promise may not be on the disk: something keeps group commits from their end. */
  mostLogPages: 16_000,
};
