/**
 * Local names that must survive every escaping and every look-alike, each with the name it is stored under where that differs
 * (PROTOCOL.md §5). No two of them meet in a folder that ignores case and normalisation.
 */
const table: readonly (readonly [local: string, stored?: string])[] = [
  [' leading space'],
  ['trailing space '],
  ['  '],
  ['trailing dot.'],
  ['trailing dots and space.. '],
  ['...'],
  ['..two dots first'],
  ['.hidden'],
  ['-dash'],
  ['--flag=value'],
  ['@at'],
  ['~tilde'],
  ['#hash#tag'],
  ['plus+plus'],
  ['a + b = c'],
  ['semi;colon'],
  ['am&per&sand'],
  ['comma, comma'],
  ['at@dollar$caret^tilde~'],
  ['exclamation!'],
  ['(round) [square] {curly}'],
  ["'single'"],
  ['back`tick'],
  ['back\\slash'],
  ['"double"', '＂double＂'],
  ['star*star', 'star＊star'],
  ['co:lon', 'co：lon'],
  ['less<more>', 'less＜more＞'],
  ['question?', 'question？'],
  ['pi|pe', 'pi｜pe'],
  ['all of "*:<>?|\\', 'all of ＂＊：＜＞？｜\\'],
  ['tab\there', 'tab␉here'],
  ['new\nline', 'new␊line'],
  ['return\r', 'return␍'],
  ['start\u0001', 'start␁'],
  ['bell\u0007', 'bell␇'],
  ['escape\u001b', 'escape␛'],
  ['last control\u001f', 'last control␟'],
  ['del\u007f', 'del␡'],
  ['c1\u0085control'],
  ['full：width', 'full‛：width'],
  ['＂＊＜＞？｜', '‛＂‛＊‛＜‛＞‛？‛｜'],
  ['tab␉picture', 'tab‛␉picture'],
  ['␡', '‛␡'],
  ['␀'],
  ['．'],
  ['．．'],
  ['slash／twin'],
  ['naïve café'],
  ['cafe\u0301 decomposed'],
  ['ÆØÅ æøå'],
  ['ﬁ ligature'],
  ['日本語ファイル'],
  ['한국어'],
  ['עברית'],
  ['left \u202eright\u202c to left'],
  ['emoji 👩‍👩‍👧 🏳️‍🌈'],
  ['😀'],
  ['zero\u200bwidth'],
  ['word\u2060joiner'],
  ['nbsp\u00a0here'],
  ['line\u2028separator'],
  ['private \ue000'],
  ['replacement \ufffd'],
  ['&amp;'],
  ['<![CDATA[x]]>', '＜![CDATA[x]]＞'],
  ['mode=bin&revision=1'],
  ['CON'],
  ['nul.txt'],
  [`long ${'x'.repeat(240)}`],
];

export const oddNames: string[] = table.map(([local]) => local);

const stored = new Map(table.map(([local, wire]) => [local, wire ?? local]));

/** The name that rclone, and our own client, stores an odd name under. */
export function storedName(local: string): string {
  const wire = stored.get(local);
  if (wire === undefined) throw new Error(`${local} is not in the table`);
  return wire;
}

/** The longest name there is; no prefix fits before it. */
export const longestName = 'x'.repeat(255);

/** Names that rclone 1.60.1 stores as they are and our client stores under the look-alike of `%`, as rclone does since 1.74. */
export const percentNames: readonly string[] = ['100%', '%20', 'a%2Fb', '50%25 off', '%', '%%', '%ZZ'];
