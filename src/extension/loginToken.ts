/** Pasted text longer than this is not a login token; real ones are below 1 KiB. */
const longestToken = 16_384;

/**
 * Does the text have the shape of a personal login token: base64 (either alphabet, padding and white space allowed)
 * of JSON with username, realm, well_known_link and auth_token (PROTOCOL.md §1.1)? Says nothing about
 * whether the server takes it, and asks nobody.
 */
export function isLoginToken(text: string): boolean {
  const packed = text.replace(/\s/g, '').replace(/=+$/, '');
  if (packed.length > longestToken || !/^[\w+/-]+$/.test(packed)) return false;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(packed, 'base64url').toString('utf8'));
    if (typeof parsed !== 'object' || parsed === null) return false;
    const fields = parsed as Record<string, unknown>;
    const link = fields.well_known_link ?? fields.wellKnownLink;
    return [fields.username, fields.realm, fields.auth_token, link].every((field) => isText(field)) && isUrl(link);
  } catch {
    return false;
  }
}

function isText(field: unknown): boolean {
  return typeof field === 'string' && field !== '';
}

function isUrl(link: unknown): boolean {
  return URL.canParse(String(link)) && /^https?:$/.test(new URL(String(link)).protocol);
}
