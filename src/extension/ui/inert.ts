/** Joins two characters without a trace: they look as before, and are no syntax any more. */
const joiner = '\u2060';

/** Control characters, other ends of lines, and what turns the direction of the text that follows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is shown otherwise
const hidden = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/**
 * Text from outside (a name, a path, what a server said) as it may be put into what VS Code shows: `[text](command:…)` in a
 * message, a prompt or the title of a progress would become a link that runs a command, `$(name)` in a label an icon, a control
 * character could begin another line, and a change of direction show the rest of our own sentence backwards. Other text stays as
 * it is.
 */
export function inert(text: string): string {
  return text.replace(hidden, toPicture).replace(/([\]$])\(/g, `$1${joiner}(`);
}

/** Makes a text of several lines of our own inert; a name in one of them is made inert before. */
export function inertLines(text: string): string {
  return text.split('\n').map(inert).join('\n');
}

/** The Unicode picture of a control character, ␍ for a carriage return; the number of one that has none. */
function toPicture(character: string): string {
  const code = character.charCodeAt(0);
  if (code === 0x7f) return '\u2421';
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`;
}
