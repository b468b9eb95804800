import type Fuse from 'fuse-native';
import { subtype, volumeSource } from '../mountPoint.ts';
import type { VolumeView } from '../volume.ts';
import { fuseLimits } from './limits.ts';
import type { FuseModule } from './preflight.ts';

/**
 * What the binding is told. `autoCache` is for Linux only: with it macFUSE's library has the binding write a `struct stat` into
 * memory that is smaller than one, and the process dies at the second open of a file.
 */
export function getFuseOptions(platform: NodeJS.Platform, { uid, gid }: VolumeView): Fuse.OPTIONS {
  return {
    ...fuseLimits.kernelTtl,
    ...(platform === 'darwin' ? {} : { autoCache: true, acAttrTimeout: 0 }),
    defaultPermissions: true,
    uid,
    gid,
    fsname: volumeSource,
    subtype,
    maxConcurrency: fuseLimits.concurrency,
    maxRead: fuseLimits.transferBytes,
    timeout: fuseLimits.timeouts,
  };
}

/**
 * Options of macFUSE's mount program. The binding knows `volname` only together with `volicon`, which macFUSE's library for
 * FUSE 3 refuses, and `iosize` not at all.
 */
export function getMacMountOptions(volumeName: string): string[] {
  return [`volname=${toVolumeName(volumeName)}`, `iosize=${fuseLimits.macTransferBytes}`];
}

/** A comma would begin another option, a backslash a spelled-out character; no name of a volume has several lines. */
function toVolumeName(name: string): string {
  const plain = name.replace(/[\p{Cc},\\\s]+/gu, ' ').trim();
  return plain === '' ? volumeSource : plain;
}

/** The binding, which makes one text of all options, with more of them than it lets through. */
export function withMountOptions(fuseModule: FuseModule, more: readonly string[]): FuseModule {
  if (more.length === 0) return fuseModule;
  const Base = fuseModule as unknown as new (...args: unknown[]) => { _fuseOptions(): string };
  class WithOptions extends Base {
    override _fuseOptions(): string {
      return [super._fuseOptions() || '-o', ...more].join(',').replace('-o,', '-o');
    }
  }
  return WithOptions as unknown as FuseModule;
}
