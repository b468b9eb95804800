import { accessProcedure, getattr, setattr } from './attributes.ts';
import { commit, read, write } from './content.ts';
import { create, mkdir, mknod, symlink } from './creating.ts';
import { readdir, readdirplus } from './directories.ts';
import { link, lookup, readlink, remove, rename, rmdir } from './names.ts';
import type { Procedure } from './procedure.ts';
import { fsinfo, fsstat, pathconf } from './volume.ts';

/** The procedures of NFSv3 by their numbers (RFC 1813 §3.3); 0 does nothing and is answered by the server itself. */
export const procedures: Readonly<Record<number, Procedure>> = {
  1: getattr,
  2: setattr,
  3: lookup,
  4: accessProcedure,
  5: readlink,
  6: read,
  7: write,
  8: create,
  9: mkdir,
  10: symlink,
  11: mknod,
  12: remove,
  13: rmdir,
  14: rename,
  15: link,
  16: readdir,
  17: readdirplus,
  18: fsstat,
  19: fsinfo,
  20: pathconf,
  21: commit,
};
