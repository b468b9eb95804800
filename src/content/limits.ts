/** Tunables of the cache layer; sizes in bytes, times in ms. */
export const cacheLimits = {
  /** Unit of download, of the disk cache and of eviction. Small enough that a random 4 KiB read of a huge file stays cheap,
   *  large enough that a sequential read costs few files. */
  blockBytes: 256 * 1024,
  /** Unit of what is fetched of a large file for who jumps about in it: at 2 MB/s a few milliseconds beside the round trip. */
  pieceBytes: 16 * 1024,
  /** Such parts kept in memory: 8 MiB. */
  rememberedPieces: 512,
  /** Small contents remembered as checked against their md5; a forgotten one is hashed again when it is read. */
  rememberedChecks: 100_000,
  /** Blocks kept in memory for all open files together: the last stop before the disk. Two readahead windows; what is read
   *  again comes from the page cache of the kernel, or from the disk. */
  memoryBytes: 32 * 1024 * 1024,
  /** Memory of blocks that is kept for the next ones while nobody holds it: what a burst frees, and no more. */
  spareBlocks: 16,
  /** Blocks that are read from the disk ahead of a sequential reader: what the kernel asks for next, some requests at a time. */
  diskAheadBlocks: 4,
  /** A file up to this size is fetched in one request and verified before its first byte is handed out. */
  wholeFetchBytes: 1024 * 1024,
  /** Readahead starts here on the second sequential read and doubles up to `maxWindowBytes`. */
  firstWindowBytes: 512 * 1024,
  /** One stream is reported at about 2 MB/s (PROTOCOL.md §6): 16 MiB are more than a second of all that go side by side. */
  maxWindowBytes: 16 * 1024 * 1024,
  /** Longest run of one ranged request; a window is split into runs that download side by side, more of them than go at a time. */
  runBytes: 2 * 1024 * 1024,
  /** Ranged requests at a time, for all files; the official client stops at 6 as well (PROTOCOL.md §6). */
  parallelDownloads: 6,
  /** Downloads wait while more than this has not yet been taken by the disk: it is all in memory. Two readahead windows. */
  unwrittenBytes: 32 * 1024 * 1024,
  /** What a file takes of the disk is a multiple of this, on nearly all file systems. */
  diskUnitBytes: 4096,
  /** The worker that hashes goes from one file to the next after so much: some milliseconds, within which it can be told to stop. */
  checksumStepBytes: 4 * 1024 * 1024,
  /** How often free space is asked of the disk, at most. */
  freeSpaceCheckMs: 2_000,
  /** How often the cache gives way to what other programs put on the disk. */
  floorCheckMs: 30_000,
  /** After a failed write the cache is left alone for this long, rather than to fail with every block. */
  cacheRestMs: 30_000,
  /** Staging stops at this much free disk, or at the free-space floor where that is lower: a save is worth more than a cache. */
  stagingFloorBytes: 256 * 1024 * 1024,
  /** But never at less: what was written must get through its flush, and the database must be able to tell of it. */
  leastFloorBytes: 8 * 1024 * 1024,
  /** Staging files that a group commit syncs side by side: each takes one of the four threads that all work with the disk shares. */
  parallelSyncs: 2,
  /** A disk with less free has room for nothing: some transactions of the database. */
  lastBytes: 512 * 1024,
};
