import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';

interface Position {
  /** Inode number. */
  readonly file: number;
  readonly offset: number;
}

/**
 * Answers the lines that were added to a log since the last call, over its rotation to `.1`, and over a disk that lost the
 * last of them. Nothing while that disk is cut off: they come with a later call.
 */
export function createLogReader(file: string): () => string[] {
  let position: Position | undefined;
  let begun = '';
  return () => {
    if (!existsSync(file)) return [];
    const former = `${file}.1`;
    const before = position;
    let text = '';
    try {
      ({ text, position } = readFrom(file, before));
      if (before !== undefined && position.file !== before.file && existsSync(former)) {
        text = readFrom(former, before).text + text;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EIO') return [];
      throw error;
    }
    const lines = (begun + text).split('\n');
    begun = lines.pop() ?? '';
    return lines;
  };
}

/** From the beginning when `position` is in another file. */
function readFrom(path: string, position: Position | undefined): { text: string; position: Position } {
  const fd = openSync(path, 'r');
  try {
    const { ino, size } = fstatSync(fd);
    const from = position?.file === ino ? position.offset : 0;
    const bytes = Buffer.alloc(Math.max(0, size - from));
    readSync(fd, bytes, 0, bytes.length, from);
    return { text: bytes.toString(), position: { file: ino, offset: size } };
  } finally {
    closeSync(fd);
  }
}
