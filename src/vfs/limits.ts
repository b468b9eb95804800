/** Tunables of the VFS; times in ms, sizes in bytes. */
export const vfsLimits = {
  /** A read that waits longer for the network fails with ETIMEDOUT; macFUSE gives up the volume at 60 s. */
  readDeadlineMs: 45_000,
  /** The part of `readDeadlineMs` that is kept for the kernel's second try after a failed readahead (readPatience.ts). */
  lastReadMs: 1_000,
  /** A read that comes this soon after a failed one of the same file is that second try; programs that try again wait longer. */
  askedAgainMs: 2_000,
  /** Longest name the server takes (PROTOCOL.md §5) and, in UTF-8 bytes, most local programs. */
  nameMax: 255,
  /** Largest file: what ext4 with 4 KiB blocks can hold, where staging files live. */
  fileMax: 2 ** 44 - 4096,
  linkMode: 0o777,
  /** Largest extended attribute: resource forks and custom icons fit. */
  xattrMax: 4 * 1024 * 1024,
  /** Most that one copy_file_range reads and writes; the caller asks again for the rest. */
  copyBytes: 4 * 1024 * 1024,
  /** The rename for which libfuse hides an open file comes right after; a later one has nothing to do with that. */
  renameFollowsMs: 5_000,
  /** libfuse knows of an answered close by then: another of its threads only has to read the answer. */
  closeHeardMs: 1_000,
  /** What is open and quiet for this long is flushed, so that a program that never closes loses little. */
  quietFlushMs: 15_000,
  /** Shown as free when the account is unlimited: 1 PiB, as rclone does. */
  unlimitedBytes: 2 ** 50,
  /** statfs block size. */
  statfsBlock: 4096,
} as const;
