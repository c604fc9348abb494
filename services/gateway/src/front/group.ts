import { Lane, Seat, type LaneEvent, type LaneOptions, type LaneUpstream, type Recipient } from './lane.js';

export interface GroupOptions<R extends Recipient> extends Omit<LaneOptions, 'after'> {
  open(lane: Lane<R>): LaneUpstream;
}

/**
 * All who subscribed to the same thing with the same rights. Most of the time that is one lane at the head of the stream. Who asks for
 * older events than it keeps gets a lane with an upstream of its own, shared with others who are as far behind, until it has caught
 * up; then the lanes become one.
 */
export class Group<R extends Recipient = Recipient> {
  readonly #options: GroupOptions<R>;
  readonly #lanes = new Map<Lane<R>, LaneUpstream>();
  readonly #laneOf = new Map<Seat<R>, Lane<R>>();

  constructor(options: GroupOptions<R>) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#laneOf.size === 0;
  }

  get laneCount(): number {
    return this.#lanes.size;
  }

  get seats(): IterableIterator<Seat<R>> {
    return this.#laneOf.keys();
  }

  /** `position`: the newcomer has had everything up to there; undefined asks for what comes from now on. */
  join(recipient: R, position: number | undefined): Seat<R> {
    const seat = new Seat(recipient, position);
    this.#place(seat);
    return seat;
  }

  leave(seat: Seat<R>): void {
    const lane = this.#laneOf.get(seat);
    if (!lane) return;
    this.#laneOf.delete(seat);
    lane.leave(seat);
    if (this.isEmpty) for (const each of [...this.#lanes.keys()]) this.#close(each);
    else if (lane.seats.size === 0 && !this.#isNeeded(lane)) this.#close(lane);
  }

  drained(seat: Seat<R>): void {
    const lane = this.#laneOf.get(seat);
    if (!lane || lane.drained(seat)) return;
    lane.leave(seat);
    seat.isStalled = false;
    this.#place(seat);
  }

  accept(lane: Lane<R>, event: LaneEvent): void {
    if (!this.#lanes.has(lane)) return;
    lane.accept(event);
    this.#unite(lane);
  }

  interrupt(lane: Lane<R>): void {
    if (this.#lanes.has(lane)) lane.interrupt();
  }

  /** The lane at the head stays, though empty, for those who are on their way to it. */
  #isNeeded(lane: Lane<R>): boolean {
    return lane.hasBeenLive && ![...this.#lanes.keys()].some((other) => other !== lane && other.hasBeenLive);
  }

  #place(seat: Seat<R>): void {
    const lane = this.#laneFor(seat.position) ?? this.#open(seat.position);
    this.#laneOf.set(seat, lane);
    lane.join(seat);
  }

  #laneFor(position: number | undefined): Lane<R> | undefined {
    let found: Lane<R> | undefined;
    for (const lane of this.#lanes.keys()) {
      if (lane.welcomes(position) && (!found || (lane.hasBeenLive && !found.hasBeenLive))) found = lane;
    }
    return found;
  }

  #open(after: number | undefined): Lane<R> {
    const lane = new Lane<R>({ ...this.#options, after });
    this.#lanes.set(lane, NOT_YET_OPEN);
    this.#lanes.set(lane, this.#options.open(lane));
    return lane;
  }

  #close(lane: Lane<R>): void {
    this.#lanes.get(lane)?.stop();
    this.#lanes.delete(lane);
  }

  /** Where one lane can go on for another without a gap, one upstream is enough. */
  #unite(lane: Lane<R>): void {
    if (this.#lanes.size === 1) return;
    for (const other of [...this.#lanes.keys()]) {
      if (other === lane) continue;
      if (canTakeOver(other, lane)) return this.#merge(lane, other);
      if (canTakeOver(lane, other)) this.#merge(other, lane);
    }
  }

  #merge(from: Lane<R>, into: Lane<R>): void {
    this.#close(from);
    for (const seat of [...from.seats]) {
      from.leave(seat);
      this.#laneOf.set(seat, into);
      into.join(seat);
    }
  }
}

const NOT_YET_OPEN: LaneUpstream = { stop: () => undefined };

function canTakeOver(lane: Lane, from: Lane): boolean {
  return lane.isLive && from.position !== undefined && lane.reaches(from.position);
}
