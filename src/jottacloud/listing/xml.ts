import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { JottaError } from '../errors.ts';
import { createXmlFilter, restore } from './xmlFilter.ts';

/** A finished element. Children that `take` accepted are not among `children`. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: XmlElement[];
  /** All character data directly inside, never trimmed: names may begin or end with spaces (PROTOCOL.md §2.5). */
  text: string;
}

/** Real documents nest 6 deep. */
const maxDepth = 32;
/** Elements kept in memory at once, apart from the records handed out; a file has at most about 60. */
const maxKept = 100_000;
/** Characters between two records, or in a document without any: one name or text is never this long. */
const maxRecordLength = 8 * 1024 * 1024;

/**
 * Parses one document as its bytes arrive. Each element for which `take(name, path)` holds (path = names of its
 * ancestors, root first) is yielded when it closes and then forgotten, so that a listing of any length needs memory for
 * one entry; the generator returns the root with what is left.
 * JottaError 'protocol': not well-formed, truncated, a DOCTYPE (hence no entities of its own), too long or too deep.
 * Characters that XML cannot hold are no such error: they come out as they came in (xmlFilter.ts).
 */
export async function* parseXml(
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
  take: (name: string, path: readonly string[]) => boolean = () => false,
): AsyncGenerator<XmlElement, XmlElement, undefined> {
  const builder = new TreeBuilder(take);
  const decoder = new TextDecoder('utf-8');
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new JottaError('protocol', 'an XML answer is too long');
    builder.write(decoder.decode(chunk, { stream: true }));
    yield* builder.takeReady();
  }
  builder.write(decoder.decode());
  return builder.close();
}

/** The root alone; elements that `take` accepts are thrown away as they come. */
export async function readXml(
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
  take?: (name: string, path: readonly string[]) => boolean,
): Promise<XmlElement> {
  const parser = parseXml(chunks, maxBytes, take);
  let step = await parser.next();
  while (!step.done) step = await parser.next();
  return step.value;
}

class TreeBuilder {
  readonly #parser = new SaxesParser({ xmlns: false, position: false });
  readonly #take: (name: string, path: readonly string[]) => boolean;
  readonly #filter = createXmlFilter();
  readonly #open: XmlElement[] = [];
  readonly #path: string[] = [];
  #ready: XmlElement[] = [];
  #root: XmlElement | undefined;
  #kept = 0;
  #sinceRecord = 0;
  #failure: JottaError | undefined;

  constructor(take: (name: string, path: readonly string[]) => boolean) {
    this.#take = take;
    // saxes goes on after an error when there is a handler, so the first one is remembered and thrown by write().
    this.#parser.on('error', (cause) => this.#fail('is not well-formed', cause));
    this.#parser.on('doctype', () => this.#fail('has a DOCTYPE'));
    this.#parser.on('opentag', (tag) => this.#openTag(tag));
    this.#parser.on('text', (text) => this.#addText(text));
    this.#parser.on('cdata', (text) => this.#addText(text));
    this.#parser.on('closetag', () => this.#closeTag());
  }

  write(text: string): void {
    this.#parser.write(this.#filter.push(text));
    this.#sinceRecord = this.#ready.length > 0 ? 0 : this.#sinceRecord + text.length;
    if (this.#sinceRecord > maxRecordLength) this.#fail('has a record that is too long');
    if (this.#failure) throw this.#failure;
  }

  takeReady(): XmlElement[] {
    const ready = this.#ready;
    if (ready.length > 0) this.#ready = [];
    return ready;
  }

  close(): XmlElement {
    this.#parser.write(this.#filter.end());
    this.#parser.close();
    if (this.#failure) throw this.#failure;
    if (this.#root === undefined) throw new JottaError('protocol', 'an XML answer is empty');
    return this.#root;
  }

  #openTag(tag: SaxesTagPlain): void {
    if (this.#open.length >= maxDepth) this.#fail('is nested too deep');
    this.#kept += 1;
    if (this.#kept > maxKept) this.#fail('has too many elements');
    if (this.#failure) return;
    const { name, attributes } = tag;
    for (const key of Object.keys(attributes)) attributes[key] = restore(attributes[key] ?? '');
    this.#open.push({ name, attributes, children: [], text: '' });
    this.#path.push(tag.name);
  }

  #addText(text: string): void {
    const element = this.#open.at(-1);
    if (element) element.text += text;
  }

  #closeTag(): void {
    if (this.#failure) return;
    const element = this.#open.pop();
    this.#path.pop();
    if (element === undefined) return;
    element.text = restore(element.text);
    if (this.#take(element.name, this.#path)) {
      this.#kept -= countElements(element);
      this.#ready.push(element);
      return;
    }
    const parent = this.#open.at(-1);
    if (parent) parent.children.push(element);
    else this.#root = element;
  }

  #fail(what: string, cause?: unknown): void {
    this.#failure ??= new JottaError('protocol', `an XML answer ${what}`, { cause });
  }
}

function countElements(element: XmlElement): number {
  return element.children.reduce((sum, child) => sum + countElements(child), 1);
}

export function childOf(element: XmlElement, name: string): XmlElement | undefined {
  return element.children.find((child) => child.name === name);
}

export function childrenOf(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name);
}

/** Text of a direct child, or undefined when there is none. */
export function textOf(element: XmlElement, name: string): string | undefined {
  return childOf(element, name)?.text;
}
