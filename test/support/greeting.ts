import { type HelloParams, protocolVersion } from '../../src/protocol/messages.ts';

/** How a window that keeps tokens greets the drive. */
export function makeGreeting(focused: boolean): HelloParams {
  return { protocolVersion, clientVersion: '0.1.0', keepsTokens: true, focused };
}
