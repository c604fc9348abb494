import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Group } from './group.js';
import type { Lane, LaneEvent, LaneUpstream, Recipient, Seat } from './lane.js';

type Received = { kind: 'event' | 'live' | 'gap'; position: number } | { kind: 'notice' };

const bytesOf = (received: Received) => Buffer.from(JSON.stringify(received));
type Member = 'anna' | 'ben';

const event = (position: number, audience?: ReadonlySet<string>): LaneEvent => ({
  kind: 'event',
  position,
  bytes: bytesOf({ kind: 'event', position }),
  audience,
});
const live = (position: number): LaneEvent => ({
  kind: 'live',
  position,
  bytesAt: (at) => bytesOf({ kind: 'live', position: at }),
});
const gap = (position: number): LaneEvent => ({ kind: 'gap', position, bytes: bytesOf({ kind: 'gap', position }) });

class Reader implements Recipient {
  readonly memberId: Member;
  isFull = false;
  seat: Seat<Reader> | undefined;
  overflowed = false;
  readonly received: Received[] = [];

  constructor(memberId: Member) {
    this.memberId = memberId;
  }

  send(payload: Buffer): void {
    this.#receive(payload, 'as an event');
  }

  notify(payload: Buffer): void {
    this.#receive(payload, 'as a notice');
  }

  #receive(payload: Buffer, how: 'as an event' | 'as a notice'): void {
    const received = JSON.parse(payload.toString()) as Received;
    if ((received.kind === 'notice') !== (how === 'as a notice')) throw new Error(`${received.kind} was sent ${how}`);
    this.received.push(received);
  }

  overflow(): void {
    this.overflowed = true;
  }

  get summary(): string {
    return this.received
      .map((each) => (each.kind === 'notice' ? 'notice' : `${each.kind} ${each.position}`))
      .join(', ');
  }
}

/** A subgraph's event log: some positions are events that this subscription does not show, or to one member only. */
class Log {
  readonly #visible: (boolean | Member)[] = [];
  forgottenUpTo = 0;

  get head(): number {
    return this.#visible.length;
  }

  append(isVisible: boolean | Member): void {
    this.#visible.push(isVisible);
  }

  /** Without a member: for anybody at all. */
  nextVisible(after: number, member?: Member): number | undefined {
    for (let position = after + 1; position <= this.head; position++) {
      const visible = this.#visible[position - 1]!;
      if (visible === true || (visible && (!member || visible === member))) return position;
    }
    return undefined;
  }

  audienceOf(position: number): ReadonlySet<string> | undefined {
    const visible = this.#visible[position - 1]!;
    return typeof visible === 'string' ? new Set([visible]) : undefined;
  }
}

/** What `front/upstream.ts` and a subgraph do together, one step at a time. */
class ModelUpstream implements LaneUpstream {
  readonly lane: Lane<Reader>;
  readonly #log: Log;
  readonly #group: () => Group<Reader>;
  #position: number | undefined;
  #isLive = false;
  isStopped = false;

  constructor(lane: Lane<Reader>, log: Log, group: () => Group<Reader>) {
    this.lane = lane;
    this.#log = log;
    this.#group = group;
  }

  /** Delivers the next event or marker, if there is one and somebody can take it. */
  step(): boolean {
    if (this.lane.whenWanted()) return false;
    const accept = (laneEvent: LaneEvent) => this.#group().accept(this.lane, laneEvent);
    if (this.#position === undefined) {
      const after = this.lane.position ?? this.#log.head;
      this.#position = after;
      if (after < this.#log.forgottenUpTo || after > this.#log.head) {
        this.#position = this.#log.head;
        accept(gap(this.#position));
        return true;
      }
    }
    const next = this.#log.nextVisible(this.#position);
    if (next !== undefined) {
      this.#position = next;
      accept(event(next, this.#log.audienceOf(next)));
      return true;
    }
    if (this.#isLive) return false;
    this.#isLive = true;
    this.#position = this.#log.head;
    accept(live(this.#position));
    return true;
  }

  crash(): void {
    this.#position = undefined;
    this.#isLive = false;
    this.#group().interrupt(this.lane);
  }

  /** The sponsor changed: nobody is told. */
  restart(): void {
    this.#position = undefined;
    this.#isLive = false;
  }

  stop(): void {
    this.isStopped = true;
  }
}

class Stage {
  readonly log = new Log();
  readonly group: Group<Reader>;
  upstreams: ModelUpstream[] = [];
  /** Upstreams ever opened. */
  opened = 0;

  constructor(ringEntries = 4, isResumable = true) {
    this.group = new Group<Reader>({
      isResumable,
      isState: false,
      ring: { maxEntries: ringEntries, maxBytes: 1_000_000 },
      notice: bytesOf({ kind: 'notice' }),
      open: (lane) => {
        this.opened++;
        const upstream = new ModelUpstream(lane, this.log, () => this.group);
        this.upstreams = [...this.upstreams.filter((each) => !each.isStopped), upstream];
        return upstream;
      },
    });
  }

  get running(): ModelUpstream[] {
    return this.upstreams.filter((each) => !each.isStopped);
  }

  join(position?: number, member: Member = 'anna'): Reader {
    const reader = new Reader(member);
    reader.seat = this.group.join(reader, position);
    return reader;
  }

  append(count = 1): void {
    for (let index = 0; index < count; index++) this.log.append(true);
  }

  settle(): void {
    for (let guard = 0; this.running.some((upstream) => upstream.step()); guard++)
      if (guard > 10_000) throw new Error('It never settles.');
  }
}

describe('Group', () => {
  it('gives a newcomer without a cursor the marker first, then what happens from now on', () => {
    const stage = new Stage();
    stage.append(2);
    const reader = stage.join();
    stage.settle();
    stage.append();
    stage.settle();
    expect(reader.summary).toBe('live 2, event 3');
  });

  it('gives a second newcomer the marker of now, from the same upstream', () => {
    const stage = new Stage();
    stage.join();
    stage.settle();
    stage.append(3);
    stage.settle();
    const second = stage.join();
    stage.append();
    stage.settle();
    expect(second.summary).toBe('live 3, event 4');
    expect(stage.opened).toBe(1);
  });

  it('serves a cursor within the ring from the ring', () => {
    const stage = new Stage();
    stage.join();
    stage.append(4);
    stage.settle();
    stage.join();
    stage.append(4);
    stage.settle();
    const late = stage.join(5);
    stage.append();
    stage.settle();
    expect(late.summary).toBe('event 6, event 7, event 8, live 8, event 9');
    expect(stage.opened).toBe(1);
  });

  it('serves an older cursor from an upstream of its own until the ring reaches back far enough', () => {
    const stage = new Stage();
    stage.join();
    stage.settle();
    stage.append(10);
    stage.settle();
    const late = stage.join(2);
    expect(stage.running).toHaveLength(2);
    stage.settle();
    stage.append();
    stage.settle();
    expect(late.summary).toBe(
      'event 3, event 4, event 5, event 6, event 7, event 8, event 9, event 10, live 10, event 11',
    );
    expect(stage.running).toHaveLength(1);
  });

  it('shares one catch-up among those who are equally far behind', () => {
    const stage = new Stage();
    stage.join();
    stage.settle();
    stage.append(20);
    stage.settle();
    const readers = [stage.join(2), stage.join(2), stage.join(2)];
    expect(stage.opened).toBe(2);
    stage.settle();
    expect(new Set(readers.map((reader) => reader.summary)).size).toBe(1);
  });

  it('does not make newcomers wait for the long replay of another', () => {
    const stage = new Stage();
    stage.append(50);
    stage.join(0);
    stage.running[0]!.step();
    const newcomer = stage.join();
    stage.running[1]!.step();
    expect(newcomer.summary).toBe('live 50');
    stage.settle();
    expect(stage.running).toHaveLength(1);
  });

  it('tells an outage once, and being live again once', () => {
    const stage = new Stage();
    const reader = stage.join();
    stage.settle();
    stage.running[0]!.crash();
    stage.running[0]!.crash();
    stage.append(2);
    stage.settle();
    expect(reader.summary).toBe('live 0, notice, event 1, event 2, live 2');
  });

  it('tells who joins during an outage', () => {
    const stage = new Stage();
    stage.join();
    stage.settle();
    stage.append();
    stage.settle();
    stage.running[0]!.crash();
    const reader = stage.join(0);
    expect(reader.summary).toBe('event 1, notice');
  });

  it('tells nobody of a change of sponsor', () => {
    const stage = new Stage();
    const reader = stage.join();
    stage.settle();
    stage.running[0]!.restart();
    stage.append();
    stage.settle();
    expect(reader.summary).toBe('live 0, event 1');
  });

  it('passes a gap on to those who miss something, and only to them', () => {
    const stage = new Stage();
    stage.append(10);
    stage.log.forgottenUpTo = 6;
    const behind = stage.join(3);
    stage.settle();
    const within = stage.join(10);
    stage.append();
    stage.settle();
    expect(behind.summary).toBe('gap 10, live 10, event 11');
    expect(within.summary).toBe('live 10, event 11');
  });

  it('starts everybody again when the log went back', () => {
    const stage = new Stage();
    const early = stage.join();
    stage.settle();
    for (const position of [7, 8, 9]) stage.group.accept(stage.running[0]!.lane, event(position));
    stage.running[0]!.restart();
    stage.append(2);
    stage.settle();
    stage.append();
    stage.settle();
    const late = stage.join(2);
    expect(early.summary).toBe('live 0, event 7, event 8, event 9, gap 2, event 3');
    expect(late.summary).toBe('event 3, live 3');
  });

  it('never sets back a client that is ahead of us', () => {
    const stage = new Stage();
    stage.join();
    stage.settle();
    stage.append(5);
    const ahead = stage.join(4);
    stage.settle();
    expect(ahead.summary).toBe('live 4, event 5');
  });

  it('leaves out who does not read, and goes on from its own position', () => {
    const stage = new Stage();
    const slow = stage.join();
    const other = stage.join();
    stage.settle();
    slow.isFull = true;
    stage.append(2);
    stage.settle();
    expect(slow.summary).toBe('live 0');
    expect(other.summary).toBe('live 0, event 1, event 2');
    slow.isFull = false;
    stage.group.drained(slow.seat!);
    expect(slow.summary).toBe('live 0, event 1, event 2');
    expect(stage.opened).toBe(1);
  });

  it('catches up by an upstream of its own who did not read for longer than the ring reaches', () => {
    const stage = new Stage();
    const slow = stage.join();
    stage.join();
    stage.settle();
    slow.isFull = true;
    stage.append(8);
    stage.settle();
    slow.isFull = false;
    stage.group.drained(slow.seat!);
    expect(stage.running).toHaveLength(2);
    stage.settle();
    expect(slow.summary).toBe('live 0, event 1, event 2, event 3, event 4, event 5, event 6, event 7, event 8');
    expect(stage.running).toHaveLength(1);
  });

  it('asks for nothing more while nobody reads', async () => {
    const stage = new Stage();
    const slow = stage.join();
    stage.settle();
    slow.isFull = true;
    stage.append(100);
    stage.settle();
    expect(stage.running[0]!.lane.position).toBe(1);
    const wanted = stage.running[0]!.lane.whenWanted();
    slow.isFull = false;
    stage.group.drained(slow.seat!);
    await wanted;
    stage.settle();
    expect(slow.received).toHaveLength(101);
    expect(stage.opened).toBe(1);
  });

  it('gives an event to its audience only, live and from the ring, and goes on for the others', () => {
    const stage = new Stage();
    const [anna, ben] = [stage.join(undefined, 'anna'), stage.join(undefined, 'ben')];
    stage.settle();
    for (const whose of ['anna', 'ben', true] as const) stage.log.append(whose);
    stage.settle();
    const late = stage.join(0, 'ben');
    expect([anna.summary, ben.summary]).toEqual(['live 0, event 1, event 3', 'live 0, event 2, event 3']);
    expect(late.summary).toBe('event 2, event 3, live 3');
  });

  it('ends the upstream with the last member', () => {
    const stage = new Stage();
    const first = stage.join();
    const second = stage.join();
    stage.group.leave(first.seat!);
    expect(stage.running).toHaveLength(1);
    stage.group.leave(second.seat!);
    expect(stage.running).toHaveLength(0);
    expect(stage.group.isEmpty).toBe(true);
  });

  it('reports a full socket where nothing can be replayed', () => {
    const stage = new Stage(4, false);
    const slow = stage.join();
    slow.isFull = true;
    stage.group.accept(stage.running[0]!.lane, { kind: 'unnumbered', bytes: bytesOf({ kind: 'notice' }) });
    expect(slow.overflowed).toBe(true);
    expect(slow.received).toEqual([]);
  });
});

type Action =
  | { do: 'append'; isVisible: boolean | Member }
  | { do: 'join'; after: number | undefined; member: Member }
  | { do: 'leave' | 'fill' | 'drain'; whom: number }
  | { do: 'step' | 'crash' | 'restart'; which: number }
  | { do: 'forget' };

const nat = fc.nat({ max: 50 });
const member = fc.constantFrom<Member>('anna', 'ben');
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({ do: fc.constant('append' as const), isVisible: fc.oneof(fc.boolean(), member) }),
  },
  {
    weight: 20,
    arbitrary: fc.record({ do: fc.constant('join' as const), after: fc.option(nat, { nil: undefined }), member }),
  },
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constantFrom('leave' as const, 'fill' as const, 'fill' as const, 'drain' as const, 'drain' as const),
      whom: nat,
    }),
  },
  { weight: 70, arbitrary: fc.record({ do: fc.constant('step' as const), which: nat }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constantFrom('crash' as const, 'restart' as const), which: nat }) },
  { weight: 1, arbitrary: fc.constant({ do: 'forget' as const }) },
);

/** Reads like a client that keeps its last cursor; throws at the first message that breaks a promise. */
function check(log: Log, after: number | undefined, { received, memberId }: Reader, isPresent: boolean): void {
  let position = after;
  let isLive = false;
  let isWarned = false;
  for (const each of received) {
    if (each.kind === 'notice') {
      if (isWarned) throw new Error('told of one outage twice');
      isWarned = true;
      isLive = false;
      continue;
    }
    if (each.kind === 'live') {
      if (isLive) throw new Error('told to be live twice');
      const missed = position === undefined ? undefined : log.nextVisible(position, memberId);
      if (position !== undefined && each.position < position) throw new Error('the marker sets the client back');
      if (missed !== undefined && missed <= each.position) throw new Error(`event ${missed} was skipped by a marker`);
      isLive = true;
      isWarned = false;
    } else if (each.kind === 'event') {
      if (position === undefined) throw new Error('an event before the marker');
      const expected = log.nextVisible(position, memberId);
      if (each.position !== expected) throw new Error(`event ${each.position} came where ${expected} was due`);
    }
    position = each.position;
  }
  if (!isPresent) return;
  if (!isLive) throw new Error('it was never told that it is live');
  const missing = log.nextVisible(position!, memberId);
  if (missing !== undefined) throw new Error(`event ${missing} never came`);
}

describe('Group, whatever happens', () => {
  it('gives each member exactly the events after its position, once and in order', () => {
    fc.assert(
      fc.property(
        fc.array(action, { minLength: 1, maxLength: 120 }),
        fc.integer({ min: 1, max: 6 }),
        (actions, ringEntries) => {
          const stage = new Stage(ringEntries);
          const readers: { reader: Reader; after: number | undefined; isPresent: boolean }[] = [];
          for (const each of actions) {
            const running = stage.running;
            const present = readers.filter(({ isPresent }) => isPresent);
            switch (each.do) {
              case 'append':
                stage.log.append(each.isVisible);
                break;
              case 'join': {
                const after = each.after === undefined ? undefined : Math.min(each.after, stage.log.head);
                readers.push({ reader: stage.join(after, each.member), after, isPresent: true });
                break;
              }
              case 'forget':
                stage.log.forgottenUpTo = stage.log.head;
                break;
              case 'step':
                running[each.which % running.length]?.step();
                break;
              case 'crash':
              case 'restart':
                running[each.which % running.length]?.[each.do]();
                break;
              case 'leave': {
                const leaving = present[each.whom % present.length];
                if (!leaving) break;
                leaving.isPresent = false;
                stage.group.leave(leaving.reader.seat!);
                break;
              }
              case 'fill':
              case 'drain': {
                const reader = present[each.whom % present.length]?.reader;
                if (!reader) break;
                reader.isFull = each.do === 'fill';
                if (!reader.isFull) stage.group.drained(reader.seat!);
                break;
              }
            }
          }
          for (const { reader, isPresent } of readers) {
            reader.isFull = false;
            if (isPresent) stage.group.drained(reader.seat!);
          }
          stage.settle();
          for (const { reader, after, isPresent } of readers) check(stage.log, after, reader, isPresent);
          if (readers.some(({ isPresent }) => isPresent)) expect(stage.running).toHaveLength(1);
          else expect(stage.running).toHaveLength(0);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
