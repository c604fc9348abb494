import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advance, MESSAGE_STATUSES, type DeliveryStatus, type MessageStatus } from './message.status.js';

describe('the status of a message', () => {
  it.each<[MessageStatus, DeliveryStatus, MessageStatus]>([
    ['QUEUED', 'SENT', 'SENT'],
    ['SENT', 'DELIVERED', 'DELIVERED'],
    ['DELIVERED', 'READ', 'READ'],
    ['READ', 'PLAYED', 'PLAYED'],
    ['QUEUED', 'READ', 'READ'],
    ['READ', 'DELIVERED', 'READ'],
    ['DELIVERED', 'SENT', 'DELIVERED'],
    ['QUEUED', 'FAILED', 'FAILED'],
    ['SENT', 'FAILED', 'FAILED'],
    ['DELIVERED', 'FAILED', 'DELIVERED'],
    ['FAILED', 'SENT', 'FAILED'],
    ['FAILED', 'DELIVERED', 'DELIVERED'],
    ['FAILED', 'READ', 'READ'],
    ['QUEUED', 'UNCONFIRMED', 'UNCONFIRMED'],
    ['SENT', 'UNCONFIRMED', 'SENT'],
    ['UNCONFIRMED', 'SENT', 'SENT'],
    ['UNCONFIRMED', 'DELIVERED', 'DELIVERED'],
    ['UNCONFIRMED', 'FAILED', 'FAILED'],
    ['RECEIVED', 'READ', 'RECEIVED'],
  ])('given %s, when %s is reported, then it is %s', (current, reported, expected) => {
    expect(advance(current, reported)).toBe(expected);
  });

  const reportable = ['SENT', 'FAILED', 'DELIVERED', 'READ', 'PLAYED'] as const;
  const reports = fc.array(fc.constantFrom(...reportable), { minLength: 1, maxLength: 12 });

  it('ends at the furthest report, whatever their order and repetition', () => {
    fc.assert(
      fc.property(reports, (sequence) => {
        const furthest = reportable[Math.max(...sequence.map((status) => reportable.indexOf(status)))];
        expect(sequence.reduce<MessageStatus>(advance, 'QUEUED')).toBe(furthest);
      }),
    );
  });

  it('never changes when a report is repeated', () => {
    fc.assert(
      fc.property(fc.constantFrom(...MESSAGE_STATUSES), fc.constantFrom(...reportable), (current, reported) => {
        const once = advance(current, reported);
        expect(advance(once, reported)).toBe(once);
      }),
    );
  });
});
