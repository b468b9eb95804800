import type { Socket } from 'node:net';

/**
 * The connections of a server, `most` at a time. Every user of the computer can open some: those that have shown no handle yet make
 * way for new ones, the oldest first, so that whoever holds them keeps no client out.
 */
export class Connections {
  readonly #most: number;
  readonly #strangers = new Set<Socket>();
  readonly #clients = new Set<Socket>();

  constructor(most: number) {
    this.#most = most;
  }

  add(socket: Socket): void {
    socket.once('close', () => {
      this.#strangers.delete(socket);
      this.#clients.delete(socket);
    });
    this.#strangers.add(socket);
    if (this.#strangers.size + this.#clients.size <= this.#most) return;
    // When all others are clients, the oldest stranger is the new one itself.
    const [oldest] = this.#strangers;
    if (oldest === undefined) return;
    this.#strangers.delete(oldest);
    oldest.destroy();
  }

  isStranger(socket: Socket): boolean {
    return this.#strangers.has(socket);
  }

  /** It has shown a handle. */
  noteClient(socket: Socket): void {
    if (this.#strangers.delete(socket)) this.#clients.add(socket);
  }

  destroyAll(): void {
    for (const socket of [...this.#strangers, ...this.#clients]) socket.destroy();
  }
}
