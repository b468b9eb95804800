import { JottaError } from '../errors.ts';
import { parseSafeUrl } from '../urls.ts';

/** What a person copies from the web page; good for one exchange (PROTOCOL.md §1.1). */
export interface LoginToken {
  readonly username: string;
  readonly realm: string;
  readonly wellKnownLink: string;
  readonly authToken: string;
}

/** Pasted text longer than this is not a login token; real ones are below 1 KiB. */
const maxTokenLength = 16_384;

/**
 * Reads a personal login token. Lenient as §1.1 asks: both base64 alphabets, with or without padding, white space and
 * line breaks anywhere, quotes around it, camelCase `wellKnownLink`.
 * Throws JottaError 'protocol' with a message that does not repeat the text; `well_known_link` must be https, or http on
 * loopback.
 */
export function parseLoginToken(text: string): LoginToken {
  const packed = text.replace(/[\s"'`]/g, '').replace(/=+$/, '');
  if (packed === '') throw malformed('it is empty');
  if (packed.length > maxTokenLength) throw malformed('it is too long');
  if (!/^[\w+/-]+$/.test(packed)) throw malformed('it is not base64');
  const fields = parseFields(Buffer.from(packed.replaceAll('+', '-').replaceAll('/', '_'), 'base64url'));
  const wellKnownLink = textOf(fields.well_known_link) ?? textOf(fields.wellKnownLink);
  const authToken = textOf(fields.auth_token) ?? textOf(fields.authToken);
  const username = textOf(fields.username);
  if (username === undefined) throw malformed('it has no user name');
  if (authToken === undefined) throw malformed('it has no secret part');
  if (wellKnownLink === undefined) throw malformed('it has no address');
  parseSafeUrl(wellKnownLink, 'the address in the login token');
  return { username, realm: textOf(fields.realm) ?? '', wellKnownLink, authToken };
}

function parseFields(bytes: Buffer): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  } catch {
    // The parser's message would quote the secret.
  }
  throw malformed('it does not unpack');
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function malformed(why: string): JottaError {
  return new JottaError('protocol', `not a login token: ${why}`);
}
