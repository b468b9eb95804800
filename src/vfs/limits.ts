/** Tunables of the VFS; times in ms. */
export const vfsLimits = {
  /** A read that waits longer for the network fails with ETIMEDOUT; macFUSE gives up the volume at 60 s (fuse-semantics.md §2.5). */
  readDeadlineMs: 45_000,
  /** Longest name the server takes (jottacloud-protocol.md §5) and, in UTF-8 bytes, most local programs. */
  nameMax: 255,
  /** Shown as free when the account is unlimited: 1 PiB, as rclone does (fuse-semantics.md §2.3). */
  unlimitedBytes: 2 ** 50,
  /** statfs block size. */
  statfsBlock: 4096,
} as const;
