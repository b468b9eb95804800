/** The model's inodes. `mtime` is what `describeTime` shows: a time that was set, or `now`. */
export type ModelNode = ModelFile | ModelFolder | ModelLink;

export interface ModelFile extends Common {
  readonly kind: 'file';
  data: Buffer;
}

export interface ModelFolder extends Common {
  readonly kind: 'folder';
  /** By key; the name is the spelling that is listed. */
  readonly children: Map<string, { name: string; node: ModelNode }>;
}

export interface ModelLink extends Common {
  readonly kind: 'link';
  readonly target: string;
}

interface Common {
  mode: number;
  mtime: string;
  readonly xattrs: Map<string, string>;
}

export const newFile = (mode: number): ModelFile => ({ kind: 'file', data: Buffer.alloc(0), ...common(mode) });
export const newFolder = (mode: number): ModelFolder => ({ kind: 'folder', children: new Map(), ...common(mode) });
export const newLink = (target: string): ModelLink => ({ kind: 'link', target, ...common(0o777) });

const common = (mode: number): Common => ({ mode, mtime: 'now', xattrs: new Map() });

/** A refusal of the model; becomes a result. */
export class ModelError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export function resize(file: ModelFile, size: number): void {
  const next = Buffer.alloc(size);
  file.data.copy(next);
  file.data = next;
  file.mtime = 'now';
}

export function writeAt(file: ModelFile, bytes: Buffer, at: number): void {
  if (at + bytes.length > file.data.length) resize(file, at + bytes.length);
  bytes.copy(file.data, at);
  file.mtime = 'now';
}

export const mayRead = (node: ModelNode): boolean => (node.mode & 0o400) !== 0;
export const mayWrite = (node: ModelNode): boolean => (node.mode & 0o200) !== 0;
