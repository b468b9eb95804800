/** Joins two characters without a trace: they look as before, and are no syntax any more. */
const joiner = '\u2060';

/**
 * Text from outside (a name, a path, what a server said) as it may be put into what VS Code shows: `[text](command:…)` in a
 * message, a prompt or the title of a progress would become a link that runs a command, `$(name)` in a label an icon, and a
 * control character could break a line. Other text stays as it is.
 */
export function inert(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is shown otherwise; a new line is a message's own
  return text.replace(/([\]$])\(/g, `$1${joiner}(`).replace(/[\x00-\x09\x0b-\x1f\x7f]/g, toPicture);
}

/** The Unicode picture of a control character: ␍ for a carriage return. */
function toPicture(character: string): string {
  const code = character.charCodeAt(0);
  return code === 0x7f ? '\u2421' : String.fromCharCode(0x2400 + code);
}
