/** The longest time without a sign of life since it was last asked to begin. */
export class Silence {
  #since = performance.now();
  #longestMs = 0;

  heard(): void {
    const now = performance.now();
    this.#longestMs = Math.max(this.#longestMs, now - this.#since);
    this.#since = now;
  }

  begin(): void {
    this.#since = performance.now();
    this.#longestMs = 0;
  }

  /** In milliseconds; the time since the last sign counts too. */
  get longestMs(): number {
    return Math.max(this.#longestMs, performance.now() - this.#since);
  }
}
