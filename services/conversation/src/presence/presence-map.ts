/** How long somebody is where they said, without saying so again; clients repeat it well before. */
export const VIEWING = { ttlMs: 45_000, repeatMs: 20_000 } as const;
export const TYPING = { ttlMs: 6_000, repeatMs: 3_000 } as const;
/** For how long it is remembered when somebody was last there. */
const SEEN_MS = 24 * 3_600_000;

/** What one place, such as a browser tab, of one member last said of one thing. Instances of the service tell it each other. */
export interface PresenceEntry {
  kind: 'viewing' | 'typing';
  workspaceId: string;
  memberId: string;
  place: string;
  /** What they look at, or where they type; null for nothing any more. */
  conversationId: string | null;
  /** Since when they look at it. Milliseconds. */
  since: number;
  /** When they said so. Later words replace earlier ones, in whatever order they arrive. Milliseconds. */
  at: number;
}

/** When a member was last heard of. Milliseconds. */
export type Sighting = Pick<PresenceEntry, 'workspaceId' | 'memberId' | 'at'>;

export interface Viewer {
  memberId: string;
  since: Date;
  isTyping: boolean;
}

/**
 * Who looks at which conversation and who types, as far as this process has heard. What nobody repeats is over by the
 * clock. Two maps that have heard the same say the same, in whatever order they heard it.
 */
export class PresenceMap {
  readonly #entries = new Map<string, PresenceEntry>();
  readonly #ofConversation = new Map<string, Set<PresenceEntry>>();
  /** When each member was last heard of. */
  readonly #seen = new Map<string, number>();
  readonly #watchers = new Map<string, Set<() => void>>();

  /** Everything that holds, for a process that has just started. */
  get entries(): PresenceEntry[] {
    return [...this.#entries.values()];
  }

  /** When each member was last heard of, which is remembered for longer than where they were. */
  get sightings(): Sighting[] {
    return [...this.#seen].map(([key, at]) => {
      const [workspaceId, memberId] = key.split(' ') as [string, string];
      return { workspaceId, memberId, at };
    });
  }

  applySighting({ workspaceId, memberId, at }: Sighting): void {
    const member = keyOf(workspaceId, memberId);
    this.#seen.set(member, Math.max(this.#seen.get(member) ?? 0, at));
  }

  apply(entry: PresenceEntry, now: Date): void {
    this.applySighting(entry);
    const member = keyOf(entry.workspaceId, entry.memberId);
    const key = `${entry.kind} ${member} ${entry.place}`;
    const known = this.#entries.get(key);
    if ((known && !replaces(entry, known)) || hasEnded(entry, now)) return;
    this.#entries.set(key, entry);
    if (known) this.#unlist(known);
    if (entry.conversationId !== null) {
      const conversation = keyOf(entry.workspaceId, entry.conversationId);
      const listed = this.#ofConversation.get(conversation) ?? new Set();
      this.#ofConversation.set(conversation, listed.add(entry));
    }
    if (known?.conversationId === entry.conversationId && !hasEnded(known, now)) return;
    this.#changed(known);
    this.#changed(entry);
  }

  /** What this place last said of it, if that still holds. */
  find(
    about: Pick<PresenceEntry, 'kind' | 'workspaceId' | 'memberId' | 'place'>,
    now: Date,
  ): PresenceEntry | undefined {
    const entry = this.#entries.get(`${about.kind} ${keyOf(about.workspaceId, about.memberId)} ${about.place}`);
    return entry && !hasEnded(entry, now) ? entry : undefined;
  }

  /** Each member once, whoever came first first. Who types there is there. */
  viewers(workspaceId: string, conversationId: string, now: Date): Viewer[] {
    const byMember = new Map<string, Viewer>();
    for (const entry of this.#ofConversation.get(keyOf(workspaceId, conversationId)) ?? []) {
      if (hasEnded(entry, now)) continue;
      const viewer = byMember.get(entry.memberId);
      byMember.set(entry.memberId, {
        memberId: entry.memberId,
        since: new Date(Math.min(entry.since, viewer?.since.getTime() ?? Infinity)),
        isTyping: entry.kind === 'typing' || (viewer?.isTyping ?? false),
      });
    }
    return [...byMember.values()].toSorted(
      (one, other) => one.since.getTime() - other.since.getTime() || (one.memberId < other.memberId ? -1 : 1),
    );
  }

  /** When the member was last heard of, within a day. */
  lastSeen(workspaceId: string, memberId: string): Date | undefined {
    const at = this.#seen.get(keyOf(workspaceId, memberId));
    return at === undefined ? undefined : new Date(at);
  }

  isOnline(workspaceId: string, memberId: string, now: Date): boolean {
    const seen = this.lastSeen(workspaceId, memberId);
    return seen !== undefined && now.getTime() - seen.getTime() < VIEWING.ttlMs;
  }

  /** Forgets what is over and tells those who watch. */
  sweep(now: Date): void {
    for (const [key, entry] of this.#entries) {
      if (!hasEnded(entry, now)) continue;
      this.#entries.delete(key);
      this.#unlist(entry);
      this.#changed(entry);
    }
    for (const [member, at] of this.#seen) if (now.getTime() - at >= SEEN_MS) this.#seen.delete(member);
  }

  /** Calls back whenever what `viewers` says may have changed; returns how to end that. */
  watch(workspaceId: string, conversationId: string, onChange: () => void): () => void {
    const conversation = keyOf(workspaceId, conversationId);
    const watchers = this.#watchers.get(conversation) ?? new Set();
    this.#watchers.set(conversation, watchers.add(onChange));
    return () => {
      watchers.delete(onChange);
      if (watchers.size === 0 && this.#watchers.get(conversation) === watchers) this.#watchers.delete(conversation);
    };
  }

  #unlist(entry: PresenceEntry): void {
    if (entry.conversationId === null) return;
    const conversation = keyOf(entry.workspaceId, entry.conversationId);
    const listed = this.#ofConversation.get(conversation);
    listed?.delete(entry);
    if (listed?.size === 0) this.#ofConversation.delete(conversation);
  }

  #changed(entry: PresenceEntry | undefined): void {
    if (!entry || entry.conversationId === null) return;
    for (const onChange of this.#watchers.get(keyOf(entry.workspaceId, entry.conversationId)) ?? []) onChange();
  }
}

/** Of two at the same moment every process keeps the same one. */
function replaces(entry: PresenceEntry, known: PresenceEntry): boolean {
  return entry.at === known.at ? (entry.conversationId ?? '') > (known.conversationId ?? '') : entry.at > known.at;
}

/** Until, but not at, the end of its time: the same moment for every process. */
function hasEnded({ kind, at }: PresenceEntry, now: Date): boolean {
  return now.getTime() - at >= (kind === 'viewing' ? VIEWING : TYPING).ttlMs;
}

function keyOf(workspaceId: string, id: string): string {
  return `${workspaceId} ${id}`;
}
