/** Who an event is for. */
export type Audience = Pick<ReadonlySet<string>, 'has'>;

export interface RingEntry {
  readonly position: number;
  readonly bytes: Buffer;
  /** The members who may see it; all if undefined. */
  readonly audience?: Audience | undefined;
}

/** The newest events of a lane as ready bytes, in order, bounded by count and bytes. */
export class Ring {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  #entries: RingEntry[] = [];
  /** Index of the oldest entry: dropping from the front of an array costs its whole length. */
  #first = 0;
  #bytes = 0;

  constructor(limits: { maxEntries: number; maxBytes: number }) {
    this.#maxEntries = limits.maxEntries;
    this.#maxBytes = limits.maxBytes;
  }

  get size(): number {
    return this.#entries.length - this.#first;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Returns the position of the newest entry that had to go to make room. */
  push(entry: RingEntry): number | undefined {
    this.#entries.push(entry);
    this.#bytes += entry.bytes.length;
    let dropped: number | undefined;
    while (this.size > this.#maxEntries || this.#bytes > this.#maxBytes) {
      const oldest = this.#entries[this.#first++]!;
      this.#bytes -= oldest.bytes.length;
      dropped = oldest.position;
    }
    if (this.#first > 64 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    return dropped;
  }

  clear(): void {
    this.#entries = [];
    this.#first = 0;
    this.#bytes = 0;
  }

  /** Entries after `position`, oldest first. */
  *after(position: number): Generator<RingEntry> {
    let low = this.#first;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#entries[middle]!.position <= position) low = middle + 1;
      else high = middle;
    }
    for (let index = low; index < this.#entries.length; index++) yield this.#entries[index]!;
  }
}
