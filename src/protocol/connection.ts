import type { Socket } from 'node:net';
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';

/**
 * A JSON-RPC connection that is not listening yet: the owner adds its handlers first. The socket ends with it. Half a message,
 * from a process that died, leaves nothing behind.
 */
export function openConnection(socket: Socket): MessageConnection {
  const reader = new StreamMessageReader(socket);
  // Its timer goes on without an end, and keeps the process alive.
  reader.partialMessageTimeout = 0;
  const connection = createMessageConnection(reader, new StreamMessageWriter(socket));
  connection.onDispose(() => socket.destroy());
  return connection;
}
