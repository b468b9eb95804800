import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

// `node tools/rawTexts.ts`, part of `npm run lint`: fails when a file of the extension shows text by a call in which VS Code
// reads links or icons, where a name from outside could be one. src/extension/ui/messages.ts makes text inert first; what an
// input box complains about is made inert where it is set.

const root = path.resolve(import.meta.dirname, '..');

/** The call, and the files that may use it because they escape what they show. */
const calls: Readonly<Record<string, readonly string[]>> = {
  'show(?:Information|Warning|Error)Message': ['ui/messages.ts'],
  withProgress: ['ui/messages.ts'],
  showInputBox: ['ui/messages.ts'],
  MarkdownString: ['statusBar.ts', 'views/entryTooltip.ts', 'views/transferItem.ts'],
};

const complaints = globSync('src/extension/**/*.ts', { cwd: root })
  .sort()
  .flatMap((file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    return Object.entries(calls)
      .filter(([call, allowed]) => {
        const isAllowed = allowed.some((name) => file === `src/extension/${name}`);
        return !isAllowed && new RegExp(`\\bvscode\\.(?:window\\.)?${call}\\b\\s*[(<]`).test(text);
      })
      .map(
        ([call]) => `${file} uses ${call}: text from outside could be a link there; see src/extension/ui/messages.ts`,
      );
  });
const rawComplaint = /\.validationMessage = (?!undefined;)(?!.*\binert\()/;
for (const file of globSync('src/extension/**/*.ts', { cwd: root }).sort()) {
  if (rawComplaint.test(readFileSync(path.join(root, file), 'utf8'))) {
    complaints.push(`${file} sets validationMessage to text that is not made inert; see src/extension/ui/inert.ts`);
  }
}
for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length > 0 ? 1 : 0;
