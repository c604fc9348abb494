import { Ring, type RingEntry } from './ring.js';

/** What an upstream subscription brings, ready to be sent. */
export type LaneEvent =
  | ({ readonly kind: 'event' } & RingEntry)
  /** Everything up to `position` has been replayed; from here on events are live. `bytesAt` tells another position in its place. */
  | { readonly kind: 'live'; readonly position: number; bytesAt(position: number): Buffer }
  /** What was asked for cannot be replayed: load a snapshot, then go on from `position`. */
  | { readonly kind: 'gap'; readonly position: number; readonly bytes: Buffer }
  /** All there is: it replaces the one before. */
  | { readonly kind: 'state'; readonly bytes: Buffer }
  /** An event without a cursor. */
  | { readonly kind: 'unnumbered'; readonly bytes: Buffer };

/** Who gets the events: one operation of one socket. */
export interface Recipient {
  readonly memberId: string;
  /** Its socket has enough to write; nothing more until it has drained. */
  readonly isFull: boolean;
  send(payload: Buffer): void;
  /** Sends what is no event: it says nothing about whether the subgraph has let anybody in. */
  notify(payload: Buffer): void;
  /** An event that cannot be replayed was due while it was full. */
  overflow(): void;
}

/** A recipient's place in the stream. It survives a move to another lane. */
export class Seat<R extends Recipient = Recipient> {
  readonly recipient: R;
  /** It has had everything up to here; undefined until it has been told where "now" is. */
  position: number | undefined;
  /** It believes to be live: it got the marker, and no notice since. */
  isLive = false;
  /** It got the notice, and no marker since. */
  isWarned = false;
  /** Left out until its socket has drained. */
  isStalled = false;

  constructor(recipient: R, position: number | undefined) {
    this.recipient = recipient;
    this.position = position;
  }
}

/** What feeds a lane. */
export interface LaneUpstream {
  stop(): void;
}

export interface LaneOptions {
  /** The position that its upstream starts after; undefined starts at "now". */
  after: number | undefined;
  isResumable: boolean;
  /** Each event replaces the one before. */
  isState: boolean;
  ring: { maxEntries: number; maxBytes: number };
  /** Told once to each seat when the upstream breaks. */
  notice: Buffer;
}

/**
 * One upstream subscription and the seats that follow it. Pure but for `Recipient.send`: who gets which bytes, in which order.
 *
 * Promise: a seat that joins with a position gets every event after it once and in order, whatever others do, and whenever its
 * socket, the upstream or both falter. (`group.test.ts` proves it on random histories.)
 */
export class Lane<R extends Recipient = Recipient> {
  readonly seats = new Set<Seat<R>>();
  readonly startedFromNow: boolean;
  readonly #isResumable: boolean;
  readonly #isState: boolean;
  readonly #ring: Ring;
  readonly #notice: Buffer;
  /** Every event after the floor and up to the position is in the ring. */
  #floor: number | undefined;
  #position: number | undefined;
  #marker: Extract<LaneEvent, { kind: 'live' }> | undefined;
  /** The last one, if they are states. */
  #state: Buffer | undefined;
  #isLive = false;
  #isInterrupted = false;
  #wanted: PromiseWithResolvers<void> | undefined;

  constructor({ after, isResumable, isState, ring, notice }: LaneOptions) {
    this.startedFromNow = after === undefined;
    this.#isResumable = isResumable;
    this.#isState = isState;
    this.#ring = new Ring(ring);
    this.#notice = notice;
    this.#floor = after;
    this.#position = after;
  }

  /** The upstream goes on after this when it has to start again. */
  get position(): number | undefined {
    return this.#position;
  }

  /** It has been at the head of the stream; an outage does not change that. */
  get hasBeenLive(): boolean {
    return this.#marker !== undefined;
  }

  get isLive(): boolean {
    return this.#isLive;
  }

  /** Can go on from `position` with nothing missing. */
  reaches(position: number): boolean {
    return this.#floor !== undefined && position >= this.#floor;
  }

  /** Whether a newcomer is served well here: with nothing missing, and without waiting for somebody else's long replay. */
  welcomes(position: number | undefined): boolean {
    if (position === undefined) return this.hasBeenLive || this.startedFromNow;
    return this.reaches(position) && (this.hasBeenLive || position <= this.#position!);
  }

  /**
   * Undefined while somebody can take the next event; otherwise resolves when somebody can. Whoever feeds the lane waits for it, so
   * that a replay is not read faster than its readers read.
   */
  whenWanted(): Promise<void> | undefined {
    if (!this.#isChoked()) return undefined;
    this.#wanted ??= Promise.withResolvers();
    return this.#wanted.promise;
  }

  join(seat: Seat<R>): void {
    this.seats.add(seat);
    this.#catchUp(seat);
    this.#wake();
  }

  leave(seat: Seat<R>): void {
    this.seats.delete(seat);
    this.#wake();
  }

  /** The seat's socket has room again. False: the lane has moved past it, and another must serve it. */
  drained(seat: Seat<R>): boolean {
    if (!seat.isStalled) return true;
    if (seat.position !== undefined && !this.reaches(seat.position)) return false;
    seat.isStalled = false;
    this.#catchUp(seat);
    this.#wake();
    return true;
  }

  accept(event: LaneEvent): void {
    switch (event.kind) {
      case 'event':
        return this.#acceptEvent(event);
      case 'live':
        return this.#acceptMarker(event);
      case 'gap':
        return this.#acceptGap(event.position, event.bytes);
      case 'state':
        return this.#acceptState(event.bytes);
      case 'unnumbered':
        return this.#acceptUnnumbered(event.bytes);
    }
  }

  /** The upstream broke and will be tried again. */
  interrupt(): void {
    this.#isInterrupted = true;
    this.#isLive = false;
    for (const seat of this.seats) this.#warn(seat);
  }

  #acceptEvent(event: RingEntry): void {
    const { position } = event;
    if (this.#position !== undefined && position <= this.#position) return;
    this.#isInterrupted = false;
    this.#floor ??= position - 1;
    this.#floor = this.#ring.push(event) ?? this.#floor;
    this.#position = position;
    for (const seat of this.seats) {
      if (seat.isStalled || seat.position === undefined || seat.position >= position) continue;
      this.#give(seat, event);
    }
  }

  /** False: its socket is full. Who is not in the audience has had the event without seeing it. */
  #give(seat: Seat<R>, { position, bytes, audience }: RingEntry): boolean {
    if (!audience || audience.has(seat.recipient.memberId)) {
      if (this.#stallIfFull(seat)) return false;
      seat.recipient.send(bytes);
    }
    seat.position = position;
    return true;
  }

  #acceptMarker(marker: Extract<LaneEvent, { kind: 'live' }>): void {
    this.#isInterrupted = false;
    this.#isLive = true;
    this.#marker = marker;
    this.#floor ??= marker.position;
    this.#position = Math.max(this.#position ?? marker.position, marker.position);
    for (const seat of this.seats) {
      if (seat.isStalled) continue;
      if (seat.isLive) seat.position = Math.max(seat.position ?? 0, this.#position);
      else this.#greet(seat);
    }
  }

  #acceptGap(position: number, bytes: Buffer): void {
    // A log that was restored from a backup ends before positions that it once handed out.
    const wentBack = this.#position !== undefined && position < this.#position;
    this.#isInterrupted = false;
    this.#ring.clear();
    this.#floor = position;
    this.#position = position;
    for (const seat of this.seats) {
      if (seat.position === undefined || (seat.position >= position && !wentBack)) continue;
      // Even to a full socket: it is small, and nothing else tells that events are missing.
      seat.recipient.send(bytes);
      seat.position = position;
    }
  }

  #acceptUnnumbered(bytes: Buffer): void {
    this.#isInterrupted = false;
    for (const seat of this.seats) {
      if (!this.#isResumable) seat.isWarned = false;
      if (seat.isStalled) continue;
      if (!seat.recipient.isFull) seat.recipient.send(bytes);
      else if (this.#isResumable) seat.isStalled = true;
      else seat.recipient.overflow();
    }
  }

  #acceptState(bytes: Buffer): void {
    this.#isInterrupted = false;
    this.#state = bytes;
    for (const seat of this.seats) this.#giveState(seat);
  }

  /** To a full socket later, and then only the last one. */
  #giveState(seat: Seat<R>): void {
    if (!this.#state || seat.isStalled || this.#stallIfFull(seat)) return;
    seat.isWarned = false;
    seat.recipient.send(this.#state);
  }

  /** From the seat's position to the lane's, then what the seat does not know yet of the lane's state. */
  #catchUp(seat: Seat<R>): void {
    if (seat.isStalled) return;
    if (seat.position !== undefined) {
      for (const entry of this.#ring.after(seat.position)) if (!this.#give(seat, entry)) return;
    }
    if (this.#isInterrupted) this.#warn(seat);
    else if (this.#isState) this.#giveState(seat);
    else if (this.#isLive && !seat.isLive) this.#greet(seat);
  }

  #greet(seat: Seat<R>): void {
    if (this.#stallIfFull(seat)) return;
    seat.position = Math.max(seat.position ?? 0, this.#position ?? 0);
    seat.isLive = true;
    seat.isWarned = false;
    seat.recipient.send(this.#marker!.bytesAt(seat.position));
  }

  #warn(seat: Seat<R>): void {
    if (seat.isStalled || seat.isWarned || this.#stallIfFull(seat)) return;
    seat.isWarned = true;
    seat.isLive = false;
    seat.recipient.notify(this.#notice);
  }

  #isChoked(): boolean {
    for (const seat of this.seats) if (!seat.isStalled) return false;
    return this.seats.size > 0;
  }

  #wake(): void {
    if (!this.#wanted || this.#isChoked()) return;
    this.#wanted.resolve();
    this.#wanted = undefined;
  }

  /** Only where it can be caught up later; elsewhere the buffer takes the little that is sent. */
  #stallIfFull(seat: Seat<R>): boolean {
    if ((this.#isResumable || this.#isState) && seat.recipient.isFull) seat.isStalled = true;
    return seat.isStalled;
  }
}
