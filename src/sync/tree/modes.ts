/** Mode bits of what came from the server, which knows none, and of what is made here without a mode. */
export const defaultFileMode = 0o644;
export const defaultFolderMode = 0o755;
