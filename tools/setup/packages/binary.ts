import type { NativeTarget } from './targets.ts';

/** Numbers of the file formats: elf(5), and <mach-o/loader.h>. */
const elfMagic = 0x7f454c46;
const elfMachines: Readonly<Record<number, NativeTarget>> = { 62: 'linux-x64', 183: 'linux-arm64' };
const machMagic = 0xfeedfacf;
const machProcessors: Readonly<Record<number, NativeTarget>> = { 16777223: 'darwin-x64', 16777228: 'darwin-arm64' };

/** What a file of machine code runs on; `other` for machine code of something else, undefined for what is none. */
export function getArchitecture(bytes: Buffer): NativeTarget | 'other' | undefined {
  if (bytes.length < 20) return undefined;
  if (bytes.readUInt32BE(0) === elfMagic) return elfMachines[bytes.readUInt16LE(18)] ?? 'other';
  if (bytes.readUInt32LE(0) === machMagic) return machProcessors[bytes.readUInt32LE(4)] ?? 'other';
  const isFat = bytes.readUInt32BE(0) === 0xcafebabe;
  const isPortable = bytes.readUInt16BE(0) === 0x4d5a;
  return isFat || isPortable ? 'other' : undefined;
}
