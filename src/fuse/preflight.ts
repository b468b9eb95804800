import type Fuse from 'fuse-native';
import { MountError, type MountErrorKind } from './mountError.ts';

export type FuseModule = typeof Fuse;

const installHint =
  process.platform === 'darwin' ? 'brew install --cask macfuse' : 'sudo apt-get install fuse3 libfuse3-3';

/** What each stable code of the binding's environment check means to a person. */
const kinds: Readonly<Record<string, MountErrorKind>> = {
  EFUSEDEVICE: 'fuseNotAllowed',
  EFUSEALLOWOTHER: 'fuseNotAllowed',
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
    const code = error instanceof Error ? String((error as NodeJS.ErrnoException).code) : '';
    throw new MountError(kinds[code] ?? 'fuseMissing', { hint: installHint }, { cause: error });
  }
}
