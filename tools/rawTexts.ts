import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

// `node tools/rawTexts.ts`, part of `npm run lint`: fails when a file of the extension shows text by a call in which VS Code
// reads links or icons, or sets one raw, where a name from outside could be one. src/extension/ui makes text inert first.

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
/** What is set or given as text must be made inert where it is, unless it is one of our own without anything in it. */
const own = String.raw`(?:undefined|vscode\.l10n\.t\(\s*'[^']*',?\s*\)|'[^']*')`;
const rawTexts: readonly (readonly [pattern: RegExp, files: string])[] = [
  // Of input boxes and quick picks.
  [
    new RegExp(
      String.raw`\b(?:box|pick|input)\.(?:title|placeholder|prompt|validationMessage) = (?!${own};)(?!.*\binert\()`,
    ),
    '**',
  ],
  [/\bsetStatusBarMessage\((?!inert\()/, '**'],
  // Rows are made inert as a whole; a tooltip of several lines tells what is a line of its own.
  [
    /\bitem\.tooltip = (?!.*(?:inert|inertLines|escapeMarkdown|to\w*Tooltip|toMarkdown)\()(?!vscode\.l10n\.t\('[^']*'\);)/,
    '**',
  ],
  [/\bgetTreeItem(?:\(|:)(?![\s\S]{0,80}\btoInertRow\()/, 'views/**'],
];
for (const [pattern, files] of rawTexts) {
  for (const file of globSync(`src/extension/${files}/*.ts`, { cwd: root }).sort()) {
    const raw = pattern.exec(readFileSync(path.join(root, file), 'utf8'));
    if (raw !== null) complaints.push(`${file} shows text that is not made inert (${raw[0]}); see src/extension/ui`);
  }
}
for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length > 0 ? 1 : 0;
