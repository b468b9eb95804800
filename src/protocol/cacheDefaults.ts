/** Room for the cache where nobody has said otherwise, in bytes; the manifest states the same in GB (10⁹ bytes). */
export const cacheDefaults = { cacheMaxBytes: 10_000_000_000, cacheMinFreeBytes: 2_000_000_000 };
