import path from 'node:path';
import type { Services } from '../services.ts';
import { askText } from '../ui/messages.ts';
import { checkName, chooseFolder } from './items.ts';

/** Asks for the name of something new in the folder given, or one browsed to. Resolves with its path; undefined when nothing is wanted. */
export async function askNewPath(
  services: Services,
  argument: unknown,
  title: string,
  getPrompt: (folder: string) => string,
): Promise<string | undefined> {
  const folder = await chooseFolder(services, argument, 'parent', title);
  if (folder === undefined) return undefined;
  const name = await askText({
    title,
    prompt: getPrompt(folder),
    validateInput: (text) => (text === '' ? undefined : checkName(text)),
  });
  if (name === undefined || checkName(name) !== undefined) return undefined;
  return path.posix.join(folder, name);
}
