import type Fuse from 'fuse-native';
import { isOutOfFiles } from '../../base/errno.ts';
import { getInstallHint } from '../installHint.ts';
import { MountError, type MountErrorKind } from '../mountError.ts';

export type FuseModule = typeof Fuse;

/** The one command that helps; on macOS an approval in System Settings does, which no command gives. */
const allowHint = process.platform === 'darwin' ? '' : 'sudo modprobe fuse';

/** What each stable code of the binding's environment check means to a person. */
const kinds: Readonly<Record<string, MountErrorKind>> = {
  EFUSEDEVICE: 'fuseNotAllowed',
  EFUSEALLOWOTHER: 'fuseNotAllowed',
  // Its timeout is the only sign that macOS waits for the approval of the system extension.
  EMACFUSEMOUNT: 'fuseNotAllowed',
  EMACFUSEABI: 'fuseTooOld',
  EMACFUSEVERSION: 'fuseTooOld',
  EFUSEVERSION: 'fuseTooOld',
};

/** Loads the binding and checks the system: rejects with MountError fuseMissing, fuseNotAllowed or fuseTooOld. */
export async function ensureFuse(): Promise<FuseModule> {
  try {
    const { default: fuseModule } = await import('fuse-native');
    await fuseModule.checkEnvironment();
    return fuseModule;
  } catch (error) {
    // That says nothing about FUSE.
    if (isOutOfFiles(error)) throw error;
    throw toFuseError(error) ?? new MountError('fuseMissing', { hint: getInstallHint() }, { cause: error });
  }
}

/** What the binding says about the FUSE of this computer; undefined when it says something else. */
export function toFuseError(error: unknown): MountError | undefined {
  const code = error instanceof Error ? String((error as NodeJS.ErrnoException).code) : '';
  const kind = kinds[code];
  if (kind === undefined) return undefined;
  return new MountError(kind, { hint: kind === 'fuseNotAllowed' ? allowHint : getInstallHint() }, { cause: error });
}
