import type { PosixCase } from './case.ts';
import { content } from './content.ts';
import { links } from './links.ts';
import { listing } from './listing.ts';
import { locks } from './locks.ts';
import { maps } from './maps.ts';
import { modes } from './modes.ts';
import { names } from './names.ts';
import { opening } from './opening.ts';
import { removing } from './removing.ts';
import { renameFlags } from './renameFlags.ts';
import { renaming } from './renaming.ts';
import { space } from './space.ts';
import { times } from './times.ts';
import { xattrs } from './xattrs.ts';

/** All named cases, by what they are about. */
export const posixCases: Readonly<Record<string, readonly PosixCase[]>> = {
  opening,
  content,
  names,
  listing,
  renaming,
  renameFlags,
  removing,
  times,
  modes,
  xattrs,
  links,
  locks,
  maps,
  space,
};
