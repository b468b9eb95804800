import { createHash } from 'node:crypto';

/** In hexadecimal digits, lower case, as the server tells it. */
export function md5(content: Uint8Array | string): string {
  return createHash('md5').update(content).digest('hex');
}
