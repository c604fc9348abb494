import type { Actor } from '@fenster/auth';

/** What identity says has changed, by the id of the member or API key, or of the session. */
export interface Revocation {
  readonly of: string;
  /** Tokens whose rights were read until then say what is no longer true. */
  readonly at: Date;
}

/**
 * What makes an access token void before it ends. Kept as long as a token may live: an older one has ended by itself.
 * Pure but for its memory; the clock comes with each call.
 */
export class RevocationList {
  readonly #longestTokenMs: number;
  readonly #latest = new Map<string, number>();

  constructor(longestTokenMs: number) {
    this.#longestTokenMs = longestTokenMs;
  }

  get size(): number {
    return this.#latest.size;
  }

  add({ of, at }: Revocation): void {
    const time = at.getTime();
    if ((this.#latest.get(of) ?? 0) >= time) return;
    // The newest stand last, so that the oldest are found first.
    this.#latest.delete(of);
    this.#latest.set(of, time);
  }

  isRevoked({ id, sessionId, issuedAt }: Pick<Actor, 'id' | 'sessionId' | 'issuedAt'>): boolean {
    const at = Math.max(this.#latest.get(id) ?? 0, this.#latest.get(sessionId ?? '') ?? 0);
    return at > 0 && (issuedAt?.getTime() ?? 0) <= at;
  }

  prune(now: Date): void {
    const oldest = now.getTime() - this.#longestTokenMs;
    for (const [of, at] of this.#latest) {
      if (at >= oldest) return;
      this.#latest.delete(of);
    }
  }
}
