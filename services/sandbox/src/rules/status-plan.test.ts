import { describe, expect, it } from 'vitest';
import { planArrival, planReading, planStatuses, type StatusPlanInput } from './status-plan.js';

const plan = (parts: Partial<StatusPlanInput> = {}): StatusPlanInput => ({
  kind: 'message',
  delays: { sent: 100, delivered: 400, read: 1_200 },
  isRead: true,
  isOnline: true,
  fails: false,
  order: 'in_order',
  lateByMs: 3_600_000,
  hasPlayed: true,
  ...parts,
});
/** As the receiver sees them. */
const told = (input: StatusPlanInput, planned = planStatuses) =>
  planned(input)
    .toSorted((a, b) => a.toldAfterMs - b.toldAfterMs)
    .map(({ status, toldAfterMs }) => `${status} ${toldAfterMs}`);
const priced = (input: StatusPlanInput) =>
  planStatuses(input).flatMap(({ status, isPriced }) => (isPriced ? [status] : []));

describe('the statuses of a message', () => {
  it('come in order, with the price on sent and on delivered', () => {
    expect(told(plan())).toEqual(['sent 100', 'delivered 400', 'read 1200']);
    expect(priced(plan())).toEqual(['sent', 'delivered']);
  });

  it('given a reaction, end with sent, which has no price', () => {
    expect(told(plan({ kind: 'reaction' }))).toEqual(['sent 100']);
    expect(priced(plan({ kind: 'reaction' }))).toEqual([]);
  });

  it('given a voice note, end with played since that exists', () => {
    expect(told(plan({ kind: 'voice' }))).toEqual(['sent 100', 'delivered 400', 'read 1200', 'played 2200']);
    expect(told(plan({ kind: 'voice', hasPlayed: false }))).toEqual(['sent 100', 'delivered 400', 'read 1200']);
  });

  it('given a failure, are only that', () => {
    expect(told(plan({ fails: true }))).toEqual(['failed 100']);
    expect(priced(plan({ fails: true }))).toEqual([]);
  });

  it('given somebody who does not read, end with delivered', () => {
    expect(told(plan({ isRead: false }))).toEqual(['sent 100', 'delivered 400']);
    expect(told(plan({ isRead: false }), planReading)).toEqual(['read 0']);
  });

  it('given a phone that is off, end with sent, and go on when it is on', () => {
    expect(told(plan({ isOnline: false }))).toEqual(['sent 100']);
    expect(told(plan(), planArrival)).toEqual(['delivered 0', 'read 800']);
    expect(told(plan({ isRead: false }), planArrival)).toEqual(['delivered 0']);
    expect(told(plan({ kind: 'reaction' }), planArrival)).toEqual([]);
  });
});

describe('on demand they come', () => {
  it('out of order, each with its own time', () => {
    const steps = planStatuses(plan({ order: 'out_of_order' }));
    expect(told(plan({ order: 'out_of_order' }))).toEqual(['read 100', 'delivered 400', 'sent 1200']);
    expect(steps.find((each) => each.status === 'read')?.happensAfterMs).toBe(1_200);
  });

  it('out of order also where all come at once', () => {
    const steps = planStatuses(plan({ order: 'out_of_order', delays: { sent: 0, delivered: 0, read: 0 } }));
    expect(steps.map((each) => each.status)).toEqual(['read', 'delivered', 'sent']);
  });

  it('twice', () => {
    expect(told(plan({ order: 'duplicated' }))).toEqual([
      'sent 100',
      'sent 100',
      'delivered 400',
      'delivered 400',
      'read 1200',
      'read 1200',
    ]);
  });

  it('late, with the time at which they happened', () => {
    const steps = planStatuses(plan({ order: 'late' }));
    expect(steps.map((each) => each.toldAfterMs - each.happensAfterMs)).toEqual([3_600_000, 3_600_000, 3_600_000]);
  });

  it('without sent, without delivered (then read has the price), or not at all', () => {
    expect(told(plan({ order: 'missing_sent' }))).toEqual(['delivered 400', 'read 1200']);
    expect(told(plan({ order: 'missing_delivered' }))).toEqual(['sent 100', 'read 1200']);
    expect(priced(plan({ order: 'missing_delivered' }))).toEqual(['sent', 'read']);
    expect(told(plan({ order: 'only_sent' }))).toEqual(['sent 100']);
    expect(told(plan({ order: 'none' }))).toEqual([]);
    expect(told(plan({ order: 'none', fails: true }))).toEqual([]);
    expect(told(plan({ order: 'none' }), planArrival)).toEqual([]);
  });

  it('with delivered once more after read', () => {
    expect(told(plan({ order: 'repeated_after_read' }))).toEqual([
      'sent 100',
      'delivered 400',
      'read 1200',
      'delivered 2200',
    ]);
  });
});
