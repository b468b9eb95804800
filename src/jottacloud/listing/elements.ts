import { JottaError } from '../errors.ts';
import { getListing, type Service } from '../service.ts';
import { chunksOf } from '../transport/body.ts';
import { assertThing, isEntry } from '../transport/roots.ts';
import type { JottaPath } from '../types.ts';
import { isUsableName } from '../urls.ts';
import { parseXml, textOf, type XmlElement } from './xml.ts';

/** Most entries of a listing. */
const maxEntries = 500_000;

/** All entries of a folder or of a view, trashed ones too, each as it came. */
export function fetchElements(service: Service, path: JottaPath, signal: AbortSignal): Promise<XmlElement[]> {
  const { bodyIdleMs, maxXmlBytes } = service.http.limits;
  return getListing(
    service,
    path,
    async (answer) => {
      const parser = parseXml(chunksOf(answer, bodyIdleMs), maxXmlBytes, isEntry);
      try {
        const elements: XmlElement[] = [];
        let step = await parser.next();
        while (!step.done) {
          elements.push(step.value);
          if (elements.length > maxEntries) throw new JottaError('protocol', 'a listing has too many entries');
          step = await parser.next();
        }
        // A view collects items from anywhere and has no name of its own.
        if (step.value.name !== 'searchresult') assertThing(step.value, path);
        return elements;
      } finally {
        await parser.return(undefined as never);
      }
    },
    signal,
  );
}

/** Where an entry of a view is in the tree (PROTOCOL.md §2.5); undefined for a mountpoint, and for what tells no usable place. */
export function placeOf(element: XmlElement, username: string): JottaPath | undefined {
  const name = element.attributes.name ?? '';
  const [user, ...folder] = (textOf(element, 'abspath') ?? '').split('/').filter((part) => part !== '');
  return user === username && folder.length >= 2 && isUsableName(name) ? [...folder, name] : undefined;
}
