import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { route, type RoutedAgent, type RoutedTeam, type RoutingInput, type Waiting } from './routing.rule.js';

const now = new Date('2026-11-22T10:00:00Z');
const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
const agent = (id: string, more: Partial<RoutedAgent> = {}): RoutedAgent => ({
  id,
  isAvailable: true,
  load: 0,
  capacity: 10,
  ...more,
});
const team = (more: Partial<RoutedTeam> = {}, ...turns: [string, number][]): RoutedTeam => ({
  id: 'team',
  mode: 'ROUND_ROBIN',
  returningMinutes: null,
  agents: turns.map(([id, lastTurn]) => ({ id, lastTurn })),
  ...more,
});
const waiting = (id: string, minutes: number, more: Partial<Waiting> = {}): Waiting => ({
  id,
  teamIds: ['team'],
  since: ago(minutes),
  isCustomerWaiting: true,
  earlierAgentId: null,
  ...more,
});
const given = (input: Omit<RoutingInput, 'now'>) => {
  const { assignments, holds } = route({ ...input, now });
  return {
    assignments,
    holds,
    pairs: assignments.map(({ conversationId, agentId }) => `${conversationId} ${agentId}`),
  };
};

describe('routing', () => {
  it('given one place and two who wait, then the older one gets it', () => {
    const queue = [waiting('young', 1), waiting('old', 2)];
    const { pairs } = given({ teams: [team({}, ['a', 0])], agents: [agent('a', { load: 9 })], queue });
    expect(pairs).toEqual(['old a']);
  });

  it('round robin: who has gone longest without a turn is next, busy or not', () => {
    const queue = [waiting('1', 4), waiting('2', 3), waiting('3', 2), waiting('4', 1)];
    const teams = [team({}, ['a', 7], ['b', 5], ['c', 6])];
    const agents = [agent('a'), agent('b', { load: 3 }), agent('c')];
    expect(given({ teams, agents, queue }).pairs).toEqual(['1 b', '2 c', '3 a', '4 b']);
  });

  it('least busy: who has the fewest is next, and of equals who has gone longest without a turn', () => {
    const queue = [waiting('1', 4), waiting('2', 3), waiting('3', 2)];
    const teams = [team({ mode: 'LEAST_BUSY' }, ['a', 7], ['b', 5], ['c', 6])];
    const agents = [agent('a'), agent('b', { load: 3 }), agent('c', { load: 1 })];
    const { pairs, assignments } = given({ teams, agents, queue });
    expect(pairs).toEqual(['1 a', '2 c', '3 a']);
    expect(assignments[0]).toMatchObject({
      cause: 'LEAST_BUSY',
      reason: 'Fewest open conversations of 3 with room: had 0 of at most 10.',
    });
  });

  it('gives nothing to who is not available or has no room', () => {
    const teams = [team({}, ['away', 0], ['full', 0])];
    const agents = [agent('away', { isAvailable: false }), agent('full', { load: 2, capacity: 2 })];
    expect(given({ teams, agents, queue: [waiting('1', 1)] }).assignments).toEqual([]);
  });

  it('given several teams that may take one, then the one with the most room does, and no other one may', () => {
    const teams = [
      team({ id: 'small' }, ['a', 0]),
      team({ id: 'large', mode: 'LEAST_BUSY' }, ['b', 0]),
      team({ id: 'other' }, ['c', 0]),
    ];
    const agents = [agent('a', { capacity: 2 }), agent('b', { capacity: 3 }), agent('c')];
    const queue = [waiting('1', 2, { teamIds: ['small', 'large'] }), waiting('2', 1, { teamIds: ['small'] })];
    expect(given({ teams, agents, queue }).assignments).toMatchObject([
      { conversationId: '1', teamId: 'large', agentId: 'b' },
      { conversationId: '2', teamId: 'small', agentId: 'a' },
    ]);
  });

  it('counts what somebody of two teams gets from both', () => {
    const teams = [team({ id: 'one' }, ['a', 0]), team({ id: 'two' }, ['a', 0])];
    const queue = [waiting('1', 2, { teamIds: ['one'] }), waiting('2', 1, { teamIds: ['two'] })];
    expect(given({ teams, agents: [agent('a', { capacity: 1 })], queue }).pairs).toEqual(['1 a']);
  });
});

describe('a returning customer', () => {
  const teams = [team({ returningMinutes: 10 }, ['had', 9], ['other', 0])];
  const back = (minutes: number, more: Partial<Waiting> = {}) => [
    waiting('1', minutes, { earlierAgentId: 'had', ...more }),
  ];

  it('goes to the agent whom they had if that one is available', () => {
    const { assignments } = given({ teams, agents: [agent('had'), agent('other')], queue: back(5) });
    expect(assignments).toMatchObject([{ agentId: 'had', cause: 'RETURNING_CUSTOMER' }]);
  });

  it.each([
    ['is away', { isAvailable: false }],
    ['has no room', { load: 10 }],
  ])('given that this one %s, then waits so many minutes for them, and is then everybody’s', (_, more) => {
    const agents = [agent('had', more), agent('other')];
    const held = given({ teams, agents, queue: back(9.99) });
    expect(held.pairs).toEqual([]);
    expect(held.holds).toEqual([{ conversationId: '1', until: new Date(ago(9.99).getTime() + 600_000) }]);
    const { assignments } = given({ teams, agents, queue: back(10) });
    expect(assignments).toMatchObject([{ agentId: 'other', cause: 'ROUND_ROBIN' }]);
    expect(assignments[0]!.reason).toContain('was not available within 10 minutes');
  });

  it('does not keep younger ones from what has room', () => {
    const agents = [agent('had', { isAvailable: false }), agent('other')];
    expect(given({ teams, agents, queue: [...back(9), waiting('2', 1)] }).pairs).toEqual(['2 other']);
  });

  it.each<[string, RoutedTeam, Partial<Waiting>]>([
    ['the team does not wait for anybody', team({}, ['had', 9], ['other', 0]), {}],
    ['that one is not of the team any more', team({ returningMinutes: 10 }, ['other', 0]), {}],
    ['the customer waits for no answer', teams[0]!, { isCustomerWaiting: false }],
  ])('is like any other if %s', (_, only, more) => {
    const agents = [agent('had', { isAvailable: false }), agent('other')];
    expect(given({ teams: [only], agents, queue: back(1, more) }).pairs).toEqual(['1 other']);
  });
});

/** Random days of a team: people write, agents come and go, conversations end. */
const event = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'arrives' as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('ends' as const), which: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('toggles' as const), which: fc.nat(4) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('capacity' as const), which: fc.nat(4), to: fc.nat(4) }),
  },
);

class Day {
  readonly agents = new Map<string, RoutedAgent & { lastTurn: number; got: number }>();
  readonly queue: Waiting[] = [];
  readonly open: { id: string; agentId: string }[] = [];
  #time = 0;
  #turn = 0;
  readonly mode: RoutedTeam['mode'];

  constructor(mode: RoutedTeam['mode'], count: number, capacity: number) {
    this.mode = mode;
    for (let index = 0; index < count; index += 1) {
      this.agents.set(`a${index}`, { ...agent(`a${index}`, { capacity }), lastTurn: 0, got: 0 });
    }
  }

  arrive(): void {
    this.#time += 1;
    this.queue.push(waiting(`c${String(this.#time).padStart(4, '0')}`, 10_000 - this.#time));
  }

  route() {
    const agents = [...this.agents.values()];
    const before = agents.map((each) => ({ ...each }));
    const { assignments } = route({
      teams: [team({ mode: this.mode, agents })],
      agents,
      // In whatever order they come.
      queue: this.queue.toReversed(),
      now,
    });
    for (const { conversationId, agentId } of assignments) {
      const one = this.agents.get(agentId)!;
      this.#turn += 1;
      Object.assign(one, { load: one.load + 1, lastTurn: this.#turn, got: one.got + 1 });
      this.queue.splice(
        this.queue.findIndex(({ id }) => id === conversationId),
        1,
      );
      this.open.push({ id: conversationId, agentId });
    }
    return { before, assignments };
  }

  end(which: number): void {
    const [ended] = this.open.splice(which % (this.open.length || 1), 1);
    if (ended) this.agents.get(ended.agentId)!.load -= 1;
  }
}

describe.each(['ROUND_ROBIN', 'LEAST_BUSY'] as const)('whatever happens, %s', (mode) => {
  it('skips nobody, leaves nobody waiting while there is room, and gives nobody more than they can take', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.array(event, { maxLength: 60 }), (count, events) => {
        const day = new Day(mode, count, 2);
        for (const happens of events) {
          const some = [...day.agents.values()];
          if (happens.kind === 'arrives') day.arrive();
          else if (happens.kind === 'ends') day.end(happens.which);
          else {
            const one = some[happens.which % count]!;
            if (happens.kind === 'toggles') one.isAvailable = !one.isAvailable;
            else one.capacity = happens.to;
          }
          const youngest = day.queue.map(({ id }) => id);
          const { before, assignments } = day.route();
          // The oldest ones, in their order, and no other.
          expect(assignments.map(({ conversationId }) => conversationId)).toEqual(
            youngest.slice(0, assignments.length),
          );
          const room = before
            .filter((each) => each.isAvailable)
            .reduce((sum, each) => sum + Math.max(0, each.capacity - each.load), 0);
          expect(assignments).toHaveLength(Math.min(room, youngest.length));
          for (const one of before) {
            const got = assignments.filter(({ agentId }) => agentId === one.id).length;
            if (!one.isAvailable) expect(got).toBe(0);
            if (got > 0) expect(one.load + got).toBeLessThanOrEqual(one.capacity);
          }
        }
      }),
    );
  });

  it('among those who are available all the time and have room, gives nobody two more than another', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), fc.array(fc.nat(7), { maxLength: 40 }), (count, arrivals) => {
        const day = new Day(mode, count, 1_000);
        for (const many of arrivals) {
          for (let index = 0; index < many; index += 1) day.arrive();
          day.route();
          // Round robin counts turns, whatever ends meanwhile; least busy, what people have.
          if (mode === 'ROUND_ROBIN') day.end(many * 7);
          const counts = [...day.agents.values()].map(({ got, load }) => (mode === 'ROUND_ROBIN' ? got : load));
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
