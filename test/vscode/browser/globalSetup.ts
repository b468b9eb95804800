import { getExtensionsDir } from './installed.ts';

/** Before the first file of the suite, which runs several at a time: what they share is made by one. */
export async function globalSetup(): Promise<void> {
  await getExtensionsDir();
}
