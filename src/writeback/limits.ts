/** Tunables of the write-back layer; times in ms. */
export const writebackLimits = {
  /** Quiet time after the last change of a node before it is pushed: an editor's save dance becomes one revision. */
  settleMs: 2_000,
  /** Changes pushed side by side; the official client stops at 6 transfers (jottacloud-protocol.md §6). */
  parallelPushes: 6,
  /** Rows looked at per planning pass: bounds memory and time when a whole tree is pending. */
  planRows: 2_000,
  /** First and longest wait before a failed push is tried again; doubled each time, with jitter. */
  firstRetryMs: 1_000,
  lastRetryMs: 300_000,
  /** First and longest wait between probes while the network is gone. */
  firstProbeMs: 1_000,
  lastProbeMs: 30_000,
  /** A listing that has not answered by then fails the file operation that needs it (design.md §1.4). */
  listingDeadlineMs: 15_000,
  /** A folder looked at within this time is live: the poller lists it again when the account moved. */
  liveMs: 10 * 60_000,
  /** Live folders are listed on every n-th poll even when the mountpoint's size and date stand still (design.md §8). */
  fullPollEvery: 4,
  /** Listings side by side. */
  parallelListings: 4,
  /** Upload attempts that end short before the push counts as failed; each continues where the last one stopped. */
  resumes: 5,
} as const;
