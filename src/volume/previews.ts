/*
 * macOS reads whole files that nobody has opened: Finder has icons drawn of what a folder holds, and Spotlight indexes what is
 * in it. Of a volume that is an account elsewhere, this is the download of the account. So, unless the setting says otherwise:
 *
 *   - the volume carries the two empty files by which macOS is told to leave a volume alone;
 *   - the daemons below get the bytes that are on this computer, and EACCES for a file that is not: an answer that is final, so
 *     that an icon of the kind of file is drawn at once, and one that no client keeps, so that the next reader is asked for anew.
 *
 * What a person asks for is no such reading: the preview by the space bar (QuickLookUIService), a copy in Finder
 * (DesktopServicesHelper), a program that opens a file.
 */

/** At the top of a volume: Spotlight does not index it, and Quick Look draws no icons of its files. Seen, and never listed. */
export const hintNames: readonly string[] = ['.metadata_never_index', '.ql_disablethumbnails'];

/** The daemons of macOS that read files nobody has opened, by the names of their programs. */
const daemons: readonly string[] = [
  // Spotlight
  ...['mds', 'mds_stores', 'mdbulkimport', 'mdworker', 'mdworker_shared', 'mediaanalysisd'],
  // Icons of files, in Finder and in dialogs
  ...['com.apple.quicklook.ThumbnailsAgent', 'ThumbnailExtension_macOS', 'ImageThumbnailExtension'],
  ...['AudiovisualThumbnailExtension', 'SceneKitQLThumbnailExtension', 'iconservicesagent'],
  ...['quicklookd', 'QuickLookSatellite', 'ExternalQuickLookSatellite-arm64', 'ExternalQuickLookSatellite-x86_64'],
];

/** The kernel keeps no more of a program's name (MAXCOMLEN); whoever asks it may get the first of these only. */
const keptNameLength = 15;

/** `command`: name of a program, or its path, as the kernel knows it. */
export function isPreviewDaemon(command: string): boolean {
  const name = command.slice(command.lastIndexOf('/') + 1);
  return daemons.some((daemon) => daemon === name || (name.length >= keptNameLength && daemon.startsWith(name)));
}
