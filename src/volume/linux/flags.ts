/** The bits of the protocol that this driver uses, by the names of <linux/fuse.h>. */
export const initFlags = {
  asyncRead: 1 << 0,
  atomicTruncate: 1 << 3,
  bigWrites: 1 << 5,
  readdirplus: 1 << 13,
  readdirplusAuto: 1 << 14,
  asyncDirectIo: 1 << 15,
  parallelFolders: 1 << 18,
  maxPages: 1 << 22,
  /** We clear set-user-id bits: else the kernel asks for an attribute before every write. */
  killPrivileges: 1 << 28,
  extended: 1 << 30,
} as const;

/** Flags of the second word of INIT. */
export const initFlags2 = { expireOnly: 1 << 3 } as const;

export const openFlags = { keepCache: 1 << 1, cacheFolder: 1 << 3, noFlush: 1 << 5 } as const;
export const writeFlags = { fromCache: 1 << 0, killPrivileges: 1 << 2 } as const;
/** Flags of the requests `open` and `create`. */
export const openRequestFlags = { killPrivileges: 1 << 0 } as const;

/** What a `setattr` sets. */
export const setattrBits = {
  mode: 1 << 0,
  uid: 1 << 1,
  gid: 1 << 2,
  size: 1 << 3,
  mtime: 1 << 5,
  fh: 1 << 6,
  mtimeNow: 1 << 8,
  killPrivileges: 1 << 11,
} as const;
