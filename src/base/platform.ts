import path from 'node:path';

/** What this program has to know about the operating system. Volumes are apart: each driver knows those that it is for. */
export interface PlatformFacts {
  /** How paths of this computer are written. */
  readonly path: typeof path.posix;
  /** Environment variable that names the home folder. */
  readonly homeVariable: 'HOME' | 'USERPROFILE';
  /** Files have an owner and a mode. Where they have none, who may reach one follows from the folder that it is in. */
  readonly hasModes: boolean;
  /** Processes meet at a file; else at a name that no folder holds. */
  readonly hasSocketFiles: boolean;
  /** File name of Node.js. */
  readonly nodeName: string;
  /** What cannot stand in a file name: each such character. */
  readonly unwritable: RegExp;
  /** Names that no file can have although each of their characters may stand in one. */
  readonly refusedName: RegExp;
}

const unix: PlatformFacts = {
  path: path.posix,
  homeVariable: 'HOME',
  hasModes: true,
  hasSocketFiles: true,
  nodeName: 'node',
  // A backslash would lead out of the folder for a program that takes it for a slash.
  unwritable: /[/\\\0]/g,
  refusedName: /^\.{0,2}$/,
};

const windows: PlatformFacts = {
  path: path.win32,
  homeVariable: 'USERPROFILE',
  hasModes: false,
  hasSocketFiles: false,
  nodeName: 'node.exe',
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  unwritable: /[/\\:*?"<>|\0-\x1f]/g,
  // Devices have their names in every folder, with any ending; dots and spaces at the end are cut off, so that another file is meant.
  refusedName: /^(?:(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(?:\..*)?|.*[. ]|)$/i,
};

export function getFacts(platform: NodeJS.Platform = process.platform): PlatformFacts {
  return platform === 'win32' ? windows : unix;
}
