/**
 * Behaviours of the real service that nobody has measured, or that differ between sources, each as a switch.
 * The first value is the default. A client should pass its tests with every value. Sections are those of
 * PROTOCOL.md.
 */
export const quirkTable = {
  /** mv onto a live file, §2.3: unknown; `new-revision` keeps the target's history and adds one revision. */
  moveOntoLive: ['409', 'new-revision'],
  /** mv onto a name that is in the trash, §2.3: what is moved ends live (rclone's suites). */
  moveOntoTrashed: ['live', 'stays-trashed', '409'],
  /** mvDir onto a live folder, §2.3: unknown; `merge` moves the children, newer files become revisions. */
  moveFolderOntoLive: ['409', 'merge'],
  /** mvDir onto a name that is in the trash, §2.3: unknown. */
  moveFolderOntoTrashed: ['live', '409'],
  /** mv and cp into a folder that is missing, §2.3: it is made (rclone's suites). */
  moveMakesParents: ['yes', '404'],
  /** Answer of mv and mvDir once done, §2.3: 200 (rclone's suites); in 2020 it was 500, and 404 through one host. */
  moveAnswer: ['200', '500-though-done', '404-though-done'],
  /** mv that only changes the case of a name, §5: unknown. */
  caseRename: ['allowed', '409'],
  /** cp onto a live file: rclone relies on it overwriting. */
  copyOntoLive: ['new-revision', '409'],
  /** cp onto a trashed name, §2.3: the copy stays in the trash (rclone #6112). */
  copyOntoTrashed: ['stays-trashed', 'live'],
  /**
   * `conflict_handler` in an allocate, §3.1: only one client ever sent it. The status of the UniqueFileException it leads to
   * is not recorded (§2.9); or it may be ignored, or an allocate that names it refused.
   */
  conflictStatus: ['409', '400', '412', 'ignored', 'refused'],
  /** dl on a folder, §2.3: it vanishes without reaching the trash (AeroFTP #397). */
  dlOnFolder: ['vanishes', 'trash', '404'],
  /** dl on a mountpoint, §2.3. */
  dlOnMountPoint: ['trash', 'gone'],
  /** dl on a file that is in the trash already, §2.3. */
  dlOfTrashed: ['200', '404'],
  /** rmDir on a path that has a live folder and trashed ones, §6: takes them all, or the live one alone. */
  rmDirRecreated: ['all', 'live-only'],
  /** mkDir on a trashed folder, §2.3: `on` revives the folder alone, `recursive` also what went to the trash with it. */
  mkDirUntrashes: ['on', 'recursive', 'off'],
  /** Spelling of a file or folder that an upload or mkDir in other case takes out of the trash, §5: rclone expects the new one. */
  trashedCase: ['new', 'old'],
  /** `abspath` of what others share with the account, §5: below Jotta/Shared as `path` is, or where its owner has it. */
  sharedPaths: ['own', 'owners'],
  /** Children in the listing of a trashed folder, §2.5: captured with the folder's own stamp. */
  trashedChildren: ['listed', 'hidden'],
  /** Paths below `/Jotta/Trash`, §2.3: a view only; a 2017 client describes items with a `path` inside it. */
  trashPaths: ['404', 'readable'],
  /** Trash and Links in the listing of the device Jotta, §5: missing in 2017, Trash seen in 2026. */
  viewsOnDevice: ['all', 'without-trash-and-links'],
  /**
   * `modified` of device and mountpoint: moves on with every change; is the plain clock second, so that two changes may
   * share it; or, as 2017 captures suggest for mountpoints, is the last upload among the live files and empty without any.
   */
  deviceModified: ['every-change', 'clock-second', 'newest-file'],
  /** Zone of JFS times, §2.4: `Z` or an offset without colon. */
  timeZone: ['Z', '+0100'],
  /** White space between elements: none is known of. */
  xmlLayout: ['compact', 'lines'],
  /** `<mstyle>`, §2.5: optional in newer captures. */
  mstyle: ['given', 'absent'],
  /** Case of md5 in replies, §2.5: as the uploader spelled it, which is lower case (rclone's suites); captures have both. */
  md5Case: ['as-sent', 'upper', 'lower'],
  /** An unfinished revision that another content overtakes, §2.6: may stay among the older ones. */
  unfinishedRevisions: ['kept', 'dropped'],
  /** cphash, §2.6: rclone's suites prove it; a service that does not know it answers what is there, or refuses. */
  cphash: ['honoured', 'ignored', '400', '404'],
  /** cphash or upload of the content a file has already, §2.6: only its times change, or a revision is added. */
  sameContent: ['times-only', 'new-revision'],
  /** Numbers of a file's revisions, §2.6: 2017 captures have 3, 10 and 15 of one file. */
  revisionNumbers: ['consecutive', 'jumping'],
  /** liststream, §2.8: only rclone is known to ask for it; a service that does not know it answers the folder's own listing. */
  liststream: ['given', 'listing', '400', '404'],
  /** `<folder>` elements of liststream, §2.8: counted by rclone also when a folder is only implied by its files. */
  liststreamFolders: ['all', 'without-files-only'],
  /** Thumbnails of images, §2.2; of anything else they are a 404. */
  thumbnails: ['image', '404'],
  /** `Range: bytes=0-` on an empty file, §2.7: unknown. */
  emptyRange: ['416', '200'],
  /** `Range`, §2.7: proven by several clients; a proxy on the way may drop it, and the whole file comes. */
  range: ['honoured', 'ignored'],
  /** `Range` together with `revision`, §2.2 and §2.7: each alone is proven, no known client sends both. `newest`: the number is ignored. */
  pinnedRange: ['honoured', 'ignored', 'newest', '400', '404', '500'],
  /** What no client leaves out (content type and times of an allocate) or invents (a `mode`), §2.2 and §3.1. */
  requests: ['lenient', 'strict'],
  /** Status of an allocate that needs no transfer, §3.1. */
  dedupStatus: ['200', '201'],
  /** `resume_pos` of an allocate that needs no transfer, §3.1. */
  dedupResumePos: ['bytes', '0'],
  /** Content that the account has under another path, §3.1: it needs no transfer (rclone's suites). */
  dedup: ['on', 'off'],
  /** State of a fresh upload, §3.1: anything but COMPLETED means sending. */
  allocateState: ['INCOMPLETE', 'ADDED', 'PROCESSING'],
  /** Allocate below an unknown mountpoint of a known device, §3.1. */
  allocateMountPoint: ['404', 'created'],
  /** Allocate of an empty file, §3.2: complete at once, or an empty POST is wanted. */
  emptyFile: ['completed', 'upload'],
  /** Answer to an upload whose content is not what was promised, §3.3: 420 and 421 were both seen. */
  corruptAnswer: ['420', '421', '421-empty'],
  /** `resume_pos` after a corrupt upload, §3.3: 0, or the bytes kept, so that only ignoring it leads on. */
  resumeAfterCorrupt: ['0', 'kept'],
  /** Life of an upload URL, §3.2: until the upload is complete, or one POST. */
  uploadUrl: ['lasting', 'single-use'],
  /** Answer to an upload URL that is no longer good, §3.2; 401 if the URL is a signed token that has expired. */
  uploadUrlGone: ['404', '401', '410'],
  /** Where an exhausted quota is noticed, §3.3. */
  quotaAt: ['allocate', 'upload'],
  /** Answer to an exhausted quota, §3.3: status 460 is reported, the body is unknown. */
  quotaAnswer: ['460', '460-empty', '400-quota', '413-quota'],
  /** Body of the 403 of a locked account, §2.9. */
  lockedBody: ['error', 'plain', 'empty'],
  /** `+` in a URL path, §2.1: form-decoded to a space. */
  plusInPath: ['space', 'plus'],
  /** A request whose path holds a literal `%`, §2.1: plain-text 400, told of GET (rclone #9153); what is stored is listed. */
  percentInName: ['400', 'allowed'],
  /** The same of `\\`, §2.1; or no new name may hold one (JottaFS). */
  backslashInName: ['allowed', '400', 'refused'],
  /** The same of `;`, §2.1. */
  semicolonInName: ['allowed', '400', 'refused'],
  /** `" * : < > ? |` in new names, §5: the server is known to store some of them. */
  reservedCharacters: ['allowed', '400'],
  /** Unit of the 255 limit on names, §5. */
  nameLimit: ['characters', 'bytes'],
  /** Event socket, §4: last seen working in 2022. createToken answers 404 or 403, the upgrade is refused, or nothing is ever sent. */
  eventSocket: ['on', 'no-token', 'forbidden', 'refused', 'silent'],
  /** Status of a login token that is used up or unknown, §1.1: both are reported. */
  loginRefused: ['401', '400'],
  /** Wording of the refusal of a reused refresh token, §1.2. */
  reuseMessage: ['missing-client', 'stale-token'],
  /** Whether the OpenID document offers to bind a code to who asked for it, §1.4: not recorded. */
  pkce: ['offered', 'absent'],
} as const;

export type QuirkName = keyof typeof quirkTable;
export type Quirks = { [K in QuirkName]: (typeof quirkTable)[K][number] };

/** Returns every quirk, given ones over defaults. Throws on an unknown name or value. */
export function parseQuirks(given: Record<string, string | undefined> = {}): Quirks {
  const quirks: Record<string, string> = {};
  for (const [name, values] of Object.entries(quirkTable)) quirks[name] = values[0];
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const values: readonly string[] | undefined = Object.hasOwn(quirkTable, name)
      ? quirkTable[name as QuirkName]
      : undefined;
    if (!values) throw new Error(`unknown quirk ${name}; known: ${Object.keys(quirkTable).join(', ')}`);
    if (!values.includes(value)) throw new Error(`quirk ${name} is one of ${values.join(', ')}, not ${value}`);
    quirks[name] = value;
  }
  return quirks as Quirks;
}

/** The same quirks, with `onQuirk` called for each one that is read. */
export function watchQuirks(quirks: Quirks, onQuirk: ((name: QuirkName) => void) | undefined): Quirks {
  if (onQuirk === undefined) return quirks;
  return new Proxy(quirks, {
    get: (target, name: QuirkName) => {
      onQuirk(name);
      return target[name];
    },
  });
}
