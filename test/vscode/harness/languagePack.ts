import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/**
 * Gives the VS Code of `userDataDir` a language pack without a single translation: it then says that it runs in
 * `language`, and extensions show their own texts in it. As VS Code itself writes it down when a pack is installed.
 */
export async function writeLanguagePack(userDataDir: string, language: string): Promise<void> {
  const translations = path.join(userDataDir, `language-${language}.json`);
  const packs = {
    [language]: {
      hash: `none-${language}`,
      extensions: [{ extensionIdentifier: { id: `test.${language}` }, version: '1.0.0' }],
      translations: { vscode: translations },
      label: language,
    },
  };
  await mkdir(userDataDir, { recursive: true });
  await writeFile(translations, JSON.stringify({ version: '1.0.0', contents: {} }));
  await writeFile(path.join(userDataDir, 'languagepacks.json'), JSON.stringify(packs));
}
