import type { Context } from './context.ts';
import { jfsTime } from './times.ts';

export const prolog = '<?xml version="1.0" encoding="UTF-8"?>\n';

const textEscapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const attributeEscapes: Record<string, string> = {
  ...textEscapes,
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

export function escapeText(text: string): string {
  return /[&<>]/.test(text) ? text.replace(/[&<>]/g, (char) => textEscapes[char] ?? char) : text;
}

export function escapeAttribute(text: string): string {
  return /[&<>"\t\n\r]/.test(text) ? text.replace(/[&<>"\t\n\r]/g, (char) => attributeEscapes[char] ?? char) : text;
}

/** A text element whose spaces count (PROTOCOL.md §2.5). */
export function preserved(tag: string, text: string): string {
  return `<${tag} xml:space="preserve">${escapeText(text)}</${tag}>`;
}

export function rootAttributes(context: Context): string {
  return ` time="${timeOf(context, Date.now())}" host="dn-1"`;
}

export function deletedAttribute(context: Context, deleted: number | undefined): string {
  return deleted === undefined ? '' : ` deleted="${timeOf(context, deleted)}"`;
}

/** A JFS time in the zone of quirk `timeZone`. */
export function timeOf({ quirks }: Context, ms: number): string {
  return jfsTime(ms, quirks.timeZone);
}

/** Puts each element on a line of its own (quirk `xmlLayout`); elements with text stay as they are. */
export function onLines(xml: string): string {
  return xml.replace(/(<\/[^>]+>|\/>)(?=<)/g, '$1\n  ');
}
