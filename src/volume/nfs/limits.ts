/** Tunables of the NFS driver; sizes in bytes, times in ms. */
export const nfsLimits = {
  /** Most that one READ or WRITE carries: what the clients of macOS and Linux take over TCP. */
  transferBytes: 1024 * 1024,
  /** Preferred answer of a READDIR. */
  directoryBytes: 64 * 1024,
  /** Longest record: a WRITE of full size with its header, names and credentials. A longer one ends the connection. */
  recordBytes: 1024 * 1024 + 16 * 1024,
  /** Connections at a time (connections.ts). A client uses one a volume, two while it reconnects. */
  connections: 32,
  /** Calls of one connection that may run at a time; more wait in the socket. */
  callsPerConnection: 64,
  /** Answers of one connection that its client has not taken yet: beyond, no further calls are read. */
  unsentBytes: 16 * 1024 * 1024,
  /** RFC 1813: a file handle is at most 64 bytes, a path of the mount protocol 1024. */
  handleBytes: 64,
  pathBytes: 1024,
  /** NFSv3 sets no limit; what a kernel passes for a name or a link is at most this. */
  nameBytes: 1024,
  targetBytes: 4096,
  /** RFC 5531: body of credentials and verifier. */
  credentialBytes: 400,
  /** A file nobody reads any more is closed. Long enough to keep the readahead of a reader that pauses. */
  readerIdleMs: 10_000,
  /** A file nobody writes any more is closed, and with that its upload may begin. */
  writerIdleMs: 1_000,
  sweepMs: 250,
  /** Files kept open at a time; the one unused longest goes first. */
  openFiles: 256,
  /**
   * A call that waits for the network longer than this is answered "try again later" (JUKEBOX): the client asks again in
   * some seconds and its volume does not count as hanging meanwhile. Below the client's own timeout.
   */
  patienceMs: 4_000,
  /** After this in total the call fails. */
  readDeadlineMs: 45_000,
  /**
   * How long an outcome that came after "try again later" waits to be asked for. Linux asks after 5 s; macOS after 4, 8 and 16 s, and
   * fails the call at the fourth such answer.
   */
  outcomeKeptMs: 30_000,
  /** Answers kept for calls that must not run twice when a client repeats them, and how long. */
  duplicateAnswers: 1024,
  duplicateMs: 120_000,
  /** Largest answer that is kept. Those of calls that change something are small. */
  duplicateBytes: 4096,
  /** Nodes whose change from elsewhere is remembered. One forgotten shows its own time again, which is a change as well. */
  notedChanges: 50_000,
  /** How often the mount table is looked at, for volumes that somebody else has unmounted. */
  mountTableMs: 2_000,
  /** A program that mounts or unmounts and does not end by then is given up. */
  commandMs: 30_000,
  /**
   * Files that are not on this computer and may be begun to be read within `previewBurstMs` before it is asked who reads them. More
   * than a program opens at once; a page of icons is more.
   */
  previewBudget: 16,
  previewBurstMs: 10_000,
  /** How long daemons are expected after one was met: each read of a file that is not here waits for who reads it meanwhile. */
  daemonsMetMs: 30_000,
  /** How often it is asked who reads while no daemon was met: asking costs tenths of a second of the processor. */
  readersEveryMs: 3_000,
  /** How long a file that a program has open is read without another question. */
  clearedMs: 1_000,
  /** lsof takes some tenths of a second; one that takes longer tells nothing, and is not asked again for a while. */
  readersMs: 2_000,
  readersPauseMs: 60_000,
  readersBytes: 16 * 1024 * 1024,
  /** Listings kept between the calls that fetch one folder in parts. */
  listings: 32,
} as const;
