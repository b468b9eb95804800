import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createVSIX } from '@vscode/vsce';

/**
 * Packs a language pack without a single translation: VS Code then says it runs in `languageId`, and extensions show
 * their own texts in it. Resolves with the package.
 */
export async function packLanguage(workDir: string, languageId: string, name: string): Promise<string> {
  const folder = path.join(workDir, `language-${languageId}`);
  const packagePath = path.join(workDir, `language-${languageId}.vsix`);
  await mkdir(path.join(folder, 'translations'), { recursive: true });
  const manifest = {
    name: `language-pack-${languageId}`,
    publisher: 'test',
    version: '1.0.0',
    engines: { vscode: '^1.100.0' },
    categories: ['Language Packs'],
    contributes: {
      localizations: [
        {
          languageId,
          languageName: name,
          localizedLanguageName: name,
          translations: [{ id: 'vscode', path: './translations/main.i18n.json' }],
        },
      ],
    },
  };
  const files = {
    'package.json': manifest,
    'translations/main.i18n.json': { version: '1.0.0', contents: {} },
  };
  for (const [file, content] of Object.entries(files))
    await writeFile(path.join(folder, file), JSON.stringify(content));
  await createVSIX({ cwd: folder, packagePath, dependencies: false, allowMissingRepository: true, skipLicense: true });
  return packagePath;
}
