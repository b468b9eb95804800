/** Tunables of the database layer. */
export const storeLimits = {
  /** Rows of the dentry cache. */
  cachedNodes: 50_000,
};

/** md5 of no bytes, in lower-case hex. */
export const emptyMd5 = 'd41d8cd98f00b204e9800998ecf8427e';
