import { JottaError } from '../errors.ts';
import { readXml, textOf } from '../listing/xml.ts';
import { getMetadata, type Service } from '../service.ts';
import { chunksOf } from '../transport/body.ts';
import { escapeSegment } from '../urls.ts';

/** Real answers are about 200 bytes. */
const maxAnswerBytes = 16 * 1024;
const maxTokenLength = 4096;

/**
 * The address of the event socket for one connection (PROTOCOL.md §4). **It holds a secret**: never log it.
 * Rejects as any metadata read; JottaError 'protocol' when the answer has no token.
 */
export async function fetchEventUrl(service: Service, signal: AbortSignal): Promise<URL> {
  const { endpoints, tokens, http } = service;
  const user = escapeSegment(tokens.username);
  const root = await getMetadata(
    service,
    { url: `${endpoints.jfs}/rest/token/${user}/createToken` },
    (answer) => readXml(chunksOf(answer, http.limits.bodyIdleMs), maxAnswerBytes),
    signal,
  );
  const token = root.name === 'token' ? textOf(root, 'authToken')?.trim() : undefined;
  if (token === undefined || token === '' || token.length > maxTokenLength) {
    throw new JottaError('protocol', 'no token for the event socket');
  }
  return new URL(`${endpoints.events}/ws/${user}/${escapeSegment(token)}`);
}
