import { attributes } from './attributes.ts';
import type { PosixCase } from './case.ts';
import { content } from './content.ts';
import { links } from './links.ts';
import { listing } from './listing.ts';
import { locks } from './locks.ts';
import { maps } from './maps.ts';
import { names } from './names.ts';
import { opening } from './opening.ts';
import { removing } from './removing.ts';
import { renaming } from './renaming.ts';
import { space } from './space.ts';
import { xattrs } from './xattrs.ts';

/** All named cases, by what they are about. */
export const posixCases: Readonly<Record<string, readonly PosixCase[]>> = {
  opening,
  content,
  names,
  listing,
  renaming,
  removing,
  attributes,
  xattrs,
  links,
  locks,
  maps,
  space,
};
