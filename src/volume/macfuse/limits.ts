/** Tunables of the FUSE driver. */
export const fuseLimits = {
  /** Kernel cache lifetimes in seconds. The database answers in microseconds, so they only save calls. */
  kernelTtl: { entryTimeout: 1, attrTimeout: 1 },
  /** Bytes per kernel request: twice the default, since each costs a trip through JavaScript; larger ones only cost memory. */
  transferBytes: 256 * 1024,
  /** Bytes per request on macOS: what a file says to be a good size (`st_blksize`) is the size of what is asked for there. */
  macTransferBytes: 1024 * 1024,
  /** Requests at a time; the binding's default of 4 lets four slow reads freeze the volume. */
  concurrency: 64,
  /** ms per operation: longer than every deadline of our own, shorter than macFUSE's 60 s. */
  timeouts: { default: 20_000, read: 50_000, write: 50_000, flush: 50_000, fsync: 50_000, release: 50_000 },
  /** Callers whose programs are remembered, and how long, ms: then the number may be another program's. */
  programs: 256,
  programMs: 10_000,
  /** ms the system takes at most to name a program; one it does not name is nobody to refuse. */
  nameMs: 2_000,
  /** ms a forced unmount waits for the kernel to let go; with a file open it does not until that is closed. */
  detachMs: 1_000,
  /** ms an unmount waits for the driver to end, which may hang: longer than any operation takes. */
  goneMs: 55_000,
} as const;
