/** Tells a window whether it is the one now. */
export type TellWindow<W> = (window: W, isNotifying: boolean) => void;

/**
 * Which of the attached windows speaks to the person: the one looked at last, else the one that has been here longest.
 * Whoever it is, there is one as soon as there is a window.
 */
export class NotifyingWindow<W> {
  readonly #tell: TellWindow<W>;
  /** The one looked at last first. */
  #windows: readonly W[] = [];

  constructor(tell: TellWindow<W>) {
    this.#tell = tell;
  }

  get current(): W | undefined {
    return this.#windows[0];
  }

  /** A window came. */
  add(window: W, focused: boolean): void {
    this.#set(focused ? [window, ...this.#windows] : [...this.#windows, window]);
  }

  /** The person turned to it. One that is not known is none of ours. */
  focus(window: W): void {
    if (this.#windows.includes(window)) this.#set([window, ...this.#windows.filter((other) => other !== window)]);
  }

  remove(window: W): void {
    this.#set(this.#windows.filter((other) => other !== window));
  }

  #set(windows: readonly W[]): void {
    const before = this.current;
    this.#windows = windows;
    const now = this.current;
    if (now === before) return;
    if (before !== undefined && windows.includes(before)) this.#tell(before, false);
    if (now !== undefined) this.#tell(now, true);
  }
}
