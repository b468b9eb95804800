/**
 * Behaviours of the real service that nobody has measured, or that differ between sources, each as a switch.
 * The first value is the default. A client should pass its tests with every value.
 */
export const quirkTable = {
  /** mv onto a live file, §2.3: unknown; `new-revision` keeps the target's history and adds one revision. */
  moveOntoLive: ['409', 'new-revision'],
  /** mv onto a name that is in the trash, §2.3: unknown. */
  moveOntoTrashed: ['live', 'stays-trashed', '409'],
  /** mv that only changes the case of a name, §5: unknown. */
  caseRename: ['allowed', '409'],
  /** cp onto a live file: rclone relies on it overwriting. */
  copyOntoLive: ['new-revision', '409'],
  /** cp onto a trashed name, §2.3: the copy stays in the trash (rc#6112). */
  copyOntoTrashed: ['stays-trashed', 'live'],
  /** Status of an allocate that needs no transfer, §3.1. */
  dedupStatus: ['200', '201'],
  /** Whether content known under another path needs no transfer, §3.1. */
  dedup: ['on', 'off'],
  /** mkDir on a trashed folder, §2.3: `on` revives the folder alone, `recursive` also what went to the trash with it. */
  mkDirUntrashes: ['on', 'recursive', 'off'],
  /** Allocate of an empty file, §3.2: complete at once, or an empty POST is wanted. */
  emptyFile: ['completed', 'upload'],
  /** `Range: bytes=0-` on an empty file, §2.7: unknown. */
  emptyRange: ['416', '200'],
  /** Where an exhausted quota is noticed, §3.3. */
  quotaAt: ['allocate', 'upload'],
  /** `+` in a URL path, §2.1: form-decoded to a space. */
  plusInPath: ['space', 'plus'],
  /** GET of a name that holds a literal `%`, §2.1: plain-text 400 (rc#9153). */
  percentInName: ['400', 'allowed'],
  /** `" * : < > ? |` in new names, §5: the server is known to store some of them. */
  reservedCharacters: ['allowed', '400'],
  /** Unit of the 255 limit on names, §5. */
  nameLimit: ['characters', 'bytes'],
  /** Wording of the refusal of a reused refresh token, §1.2. */
  reuseMessage: ['missing-client', 'stale-token'],
  /** `modified` of device and mountpoint: moves on with every change, or is the plain clock second, so that two changes may share it. */
  deviceModified: ['every-change', 'clock-second'],
} as const;

export type QuirkName = keyof typeof quirkTable;
export type Quirks = { [K in QuirkName]: (typeof quirkTable)[K][number] };

/** Returns every quirk, given ones over defaults. Throws on an unknown name or value. */
export function parseQuirks(given: Record<string, string | undefined> = {}): Quirks {
  const quirks: Record<string, string> = {};
  for (const [name, values] of Object.entries(quirkTable)) quirks[name] = values[0];
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const values: readonly string[] | undefined = quirkTable[name as QuirkName];
    if (!values) throw new Error(`unknown quirk ${name}; known: ${Object.keys(quirkTable).join(', ')}`);
    if (!values.includes(value)) throw new Error(`quirk ${name} is one of ${values.join(', ')}, not ${value}`);
    quirks[name] = value;
  }
  return quirks as Quirks;
}
