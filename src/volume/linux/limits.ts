/** Tunables of the driver that speaks the kernel's FUSE protocol. */
export const kernelLimits = {
  /**
   * s the kernel keeps names and attributes. Every change from elsewhere is told, so this only bounds what a lost notice
   * costs, and it is well below the time for which a folder counts as looked at (`writebackLimits.liveMs`): what the kernel
   * answers by itself, nobody here sees as use.
   */
  keptSeconds: 300,
  /**
   * s a kernel keeps the name of a folder that can only be told to drop it: it is not told at all, because a program whose working
   * directory is dropped could not name it any more.
   */
  unexpiredFolderSeconds: 1,
  /** Bytes per write: the most that the kernel sends in one request. */
  writeBytes: 1024 * 1024,
  /** Bytes: the most that a copy within the volume answers with. The answer has 32 bits for it. */
  copyBytes: 0x7fff_f000,
  /** Bytes of a request beside what it writes: header and arguments, or two names. */
  headBytes: 16 * 1024,
  /** Bytes: the most that the kernel reads ahead; it takes less by itself. */
  readaheadBytes: 1024 * 1024,
  /**
   * Requests that nobody waits for (readahead) at a time, and from how many on the kernel sends fewer. Its default of 12 lets
   * 12 readers of a stalled server stop every other reader of the volume.
   */
  background: 512,
  congestion: 384,
  /** Names answered as missing that are remembered; of more the kernel keeps none. */
  missingNames: 20_000,
  /**
   * ms that a thread with a change waits at most until entries which that makes wrong have expired: as long as another operation
   * holds the folder, which is hardly ever more than a moment.
   */
  correctedMs: 5_000,
  /** ms within which the kernel does again what it was told to: at once, when the computer is not overloaded. */
  lookedAgainMs: 10_000,
  /**
   * ms within which it begins a system call once more because it could not take an answer; less than it keeps any name, after
   * which it asks anew in any case.
   */
  refusedAgainMs: 900,
  /** Names that came or went elsewhere and wait to be told to watchers of files; of more than these in one go they miss the rest. */
  repeats: 2_000,
  /** ms without a change after which the process that tells them ends: it takes 40 MB. */
  repeaterIdleMs: 30_000,
  /** Buffers of a request kept for the next one; more are made when many writes are under way. */
  spareBuffers: 4,
  /** ms a mount waits for the kernel's first request. */
  initMs: 10_000,
  /** ms a forced unmount waits for the kernel to let go; with a file open it does not until that is closed. */
  detachMs: 1_000,
  /** ms an unmount waits for the last requests to be answered: longer than any takes. */
  goneMs: 55_000,
} as const;
