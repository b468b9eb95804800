/**
 * XML has no way to write most control characters, and a parser refuses them, raw or as `&#1;`. A name that holds one must
 * not cost the whole listing (PROTOCOL.md §5: the service stores names that other clients cannot write). So they
 * travel through the parser in disguise: a mark and a private-use twin; `restore` takes that off again.
 */
const mark = '\uF8F0';
const twinOffset = 0xe000;
/** Control characters, the two that are none in Unicode, and the mark itself. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const unwritable = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\uf8f0]/g;
const reference = /&#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,8}));/g;
/** The beginning of a reference that the next chunk may finish. */
const openReference = /&(?:#[xX]?[0-9a-fA-F]{0,8})?$/;
const disguised = /\uF8F0([\uE000-\uE01F\uF8F0])/g;

export interface XmlFilter {
  /** Text in, text that an XML parser takes out; may keep the last characters back until the next call. */
  push(text: string): string;
  end(): string;
}

export function createXmlFilter(): XmlFilter {
  let held = '';
  return {
    push(text) {
      const all = held + text;
      const cut = openReference.exec(all.slice(-11));
      held = cut === null ? '' : cut[0];
      return disguise(held === '' ? all : all.slice(0, -held.length));
    },
    end: () => disguise(held),
  };
}

/** Undoes the disguise in a name or text that came out of the parser. */
export function restore(text: string): string {
  if (!text.includes(mark)) return text;
  return text.replace(disguised, (_all, twin: string) =>
    twin === mark ? mark : String.fromCharCode(twin.charCodeAt(0) - twinOffset),
  );
}

function disguise(text: string): string {
  const plain = text.includes('&#') ? text.replace(reference, toText) : text;
  return plain.replace(unwritable, (c) => disguiseOne(c.charCodeAt(0)));
}

/** A reference to an unwritable character becomes that character; any other stays what it is. */
function toText(all: string, hex: string | undefined, decimal: string | undefined): string {
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return '\uFFFD';
  if (code > 0xffff) return all;
  const character = String.fromCharCode(code);
  return character.search(unwritable) === 0 ? character : all;
}

function disguiseOne(code: number): string {
  if (code === mark.charCodeAt(0)) return mark + mark;
  return code < 0x20 ? mark + String.fromCharCode(twinOffset + code) : '\uFFFD';
}
