import { inflateRawSync } from 'node:zlib';

export interface ZipEntry {
  readonly name: string;
  /** Permission bits. */
  readonly mode: number;
  readonly read: () => Buffer;
}

/** Entries of a zip file as packages of VS Code are: one disk, smaller than 4 GiB, stored or deflated. */
export function readZip(bytes: Buffer): ZipEntry[] {
  const end = bytes.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'));
  if (end < 0) throw new Error('not a zip file');
  let at = bytes.readUInt32LE(end + 16);
  return Array.from({ length: bytes.readUInt16LE(end + 10) }, () => {
    const start = at;
    const nameBytes = bytes.readUInt16LE(start + 28);
    at += 46 + nameBytes + bytes.readUInt16LE(start + 30) + bytes.readUInt16LE(start + 32);
    return {
      name: bytes.toString('utf8', start + 46, start + 46 + nameBytes),
      mode: (bytes.readUInt32LE(start + 38) >>> 16) & 0o7777,
      read: () => readEntry(bytes, start),
    };
  });
}

function readEntry(bytes: Buffer, start: number): Buffer {
  const local = bytes.readUInt32LE(start + 42);
  const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
  const packed = bytes.subarray(from, from + bytes.readUInt32LE(start + 20));
  return bytes.readUInt16LE(start + 10) === 0 ? packed : inflateRawSync(packed);
}
