import type { Socket } from 'node:net';
import { createMessageConnection, type MessageConnection, StreamMessageWriter } from 'vscode-jsonrpc/node';
import { BoundedMessageReader } from './messageReader.ts';

/** Bytes of one message. A window sends files of `readChunkBytes`, and paths. */
export const longestFromWindow = 32 * 1024 ** 2;
/** A drive tells the entries of a folder, of which a million have some 250 MB. */
const longestFromDrive = 512 * 1024 ** 2;

/**
 * A JSON-RPC connection that is not listening yet: the owner adds its handlers first. The socket ends with it. Half a message,
 * from a process that died, leaves nothing behind.
 */
export function openConnection(socket: Socket, longestMessage = longestFromDrive): MessageConnection {
  const reader = new BoundedMessageReader(socket, longestMessage);
  const connection = createMessageConnection(reader, new StreamMessageWriter(socket));
  connection.onDispose(() => socket.destroy());
  return connection;
}
