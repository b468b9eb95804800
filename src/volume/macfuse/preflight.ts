import { createRequire } from 'node:module';
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
  // Its timeout is one sign that macOS waits for the approval of the system extension.
  EMACFUSEMOUNT: 'fuseNotAllowed',
  EMACFUSEABI: 'fuseTooOld',
  EMACFUSEVERSION: 'fuseTooOld',
  EFUSEVERSION: 'fuseTooOld',
};

/** Codes of a binding that misses the library of FUSE, in either system. */
const dependencyCodes: readonly unknown[] = ['EFUSEDEPENDENCY', 'EMACFUSEDEPENDENCY'];

/** Loads the binding and checks the system: rejects with MountError fuseMissing, fuseNotAllowed, fuseTooOld or packageCannotMount. */
export async function ensureFuse(): Promise<FuseModule> {
  try {
    const fuseModule = loadOrExplain();
    await fuseModule.checkEnvironment();
    return fuseModule;
  } catch (error) {
    // That says nothing about FUSE.
    if (isOutOfFiles(error) || error instanceof MountError) throw error;
    throw toFuseError(error) ?? new MountError('fuseMissing', { hint: getInstallHint() }, { cause: error });
  }
}

function loadOrExplain(): FuseModule {
  try {
    return loadBinding();
  } catch (error) {
    throw toLoadError(error);
  }
}

/** Why the binding cannot be loaded: FUSE is not installed, or the package has no binding for this Node.js. */
export function toLoadError(error: unknown): unknown {
  if (isOutOfFiles(error) || dependencyCodes.includes((error as NodeJS.ErrnoException).code)) return error;
  return new MountError('packageCannotMount', {}, { cause: error });
}

/** By `require`, which tries again what has failed: an `import` fails for good, though what was missing has been installed since. */
export function loadBinding(from: string = import.meta.url): FuseModule {
  return createRequire(from)('fuse-native');
}

/** What the binding says about the FUSE of this computer; undefined when it says something else. */
export function toFuseError(error: unknown, platform: NodeJS.Platform = process.platform): MountError | undefined {
  const code = error instanceof Error ? String((error as NodeJS.ErrnoException).code) : '';
  // A mount program that fails is the other sign of that.
  const kind = code === 'EFUSEMOUNT' && platform === 'darwin' ? 'fuseNotAllowed' : kinds[code];
  if (kind === undefined) return undefined;
  return new MountError(kind, { hint: kind === 'fuseNotAllowed' ? allowHint : getInstallHint() }, { cause: error });
}
