import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';

/** Answers the lines that were added to a log since the last call, over its rotation to `.1` too. */
export function createLogReader(file: string): () => string[] {
  let offset = 0;
  let begun = '';
  const read = (path: string): Buffer => {
    const fd = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(Math.max(0, fstatSync(fd).size - offset));
      readSync(fd, bytes, 0, bytes.length, offset);
      offset += bytes.length;
      return bytes;
    } finally {
      closeSync(fd);
    }
  };
  return () => {
    if (!existsSync(file)) return [];
    const parts = [begun];
    if (isShorter(file, offset)) {
      parts.push(read(`${file}.1`).toString());
      offset = 0;
    }
    parts.push(read(file).toString());
    const lines = parts.join('').split('\n');
    begun = lines.pop() ?? '';
    return lines;
  };
}

function isShorter(file: string, offset: number): boolean {
  const fd = openSync(file, 'r');
  try {
    return fstatSync(fd).size < offset;
  } finally {
    closeSync(fd);
  }
}
