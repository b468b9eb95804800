import type { Ino } from '../../store/nodeRow.ts';
import { opcodes } from './layouts.ts';
import { kernelLimits } from './limits.ts';

/** Folders, and threads, that are remembered. */
const most = 1_000;

/**
 * Folders that were moved elsewhere, while the kernel may still keep them in their former place. It keeps one entry of a folder,
 * and puts that in the new place when somebody finds it there; not, however, while a program changes names in the former folder,
 * nor while names are moved between folders, by whoever finds it above all (`__d_unalias` in its `fs/dcache.c`). It then begins
 * the system call once more (ESTALE), and fails it the second time. So a thread that finds such a folder again, before it has
 * asked for anything else, is told of an alias of it, which the kernel has in no place yet.
 */
export class MovedFolders {
  readonly #moved = new Set<Ino>();
  /** What each thread has found since it asked for anything else. */
  readonly #found = new Map<number, Found>();
  /** Those that the kernel has by an alias. */
  readonly #aliased = new Set<Ino>();

  note(ino: Ino): void {
    // Whoever asks again does so because of this change.
    this.#found.clear();
    this.#moved.delete(ino);
    this.#moved.add(ino);
    this.#aliased.delete(ino);
    if (this.#moved.size <= most) return;
    const [oldest = ino] = this.#moved;
    this.#moved.delete(oldest);
    this.#aliased.delete(oldest);
  }

  /** A thread asks for something: of the folder `ino`, when that is what it has found before, it has taken the answer. */
  noteRequest(pid: number, opcode: number, ino: Ino): void {
    if (this.#found.size === 0) return;
    if (opcode === opcodes.lookup) this.#found.get(pid)?.times.delete(ino);
    else this.#found.delete(pid);
  }

  /** A thread finds the folder `ino`. Answers whether the kernel could not take the answer to this before: then it takes an alias. */
  isRefused(pid: number, ino: Ino): boolean {
    if (pid === 0 || !this.#moved.has(ino)) return false;
    // That is only whether the alias still stands; as it does not, the kernel asks once more what does.
    if (this.#aliased.delete(ino)) {
      this.#found.get(pid)?.times.delete(ino);
      return false;
    }
    const now = performance.now();
    const { at = now, times = new Map<Ino, number>() } = this.#found.get(pid) ?? {};
    if (now - at > kernelLimits.refusedAgainMs) times.clear();
    const before = times.get(ino) ?? 0;
    if (this.#found.size >= most) this.#found.clear();
    this.#found.set(pid, { at: now, times: times.set(ino, before + 1) });
    if (before > 0) this.#aliased.add(ino);
    return before > 0;
  }
}

interface Found {
  /** ms of `performance.now()`. */
  readonly at: number;
  readonly times: Map<Ino, number>;
}
