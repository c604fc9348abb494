import { describe, expect, it } from 'vitest';
import { ABSENT_AFTER_MS, availabilityOf } from './availability.rule.js';

const seenAt = new Date('2026-11-22T10:00:00Z');
const later = (ms: number) => new Date(seenAt.getTime() + ms);

describe('availability', () => {
  it.each(['ONLINE', 'AWAY', 'BUSY'] as const)('given %s was chosen, then it holds until the last moment', (choice) => {
    expect(availabilityOf({ choice, seenAt }, later(ABSENT_AFTER_MS - 1))).toBe(choice);
    expect(availabilityOf({ choice, seenAt }, later(ABSENT_AFTER_MS))).toBe('OFFLINE');
  });

  it('given nothing was ever chosen, then nobody is there', () => {
    expect(availabilityOf(null, seenAt)).toBe('OFFLINE');
  });
});
