import { describe, expect, it } from 'vitest';
import { timeZoneName } from './time-zone-name.js';

describe('the time zone of a channel', () => {
  it('is stored by a name that PostgreSQL knows too', () => {
    expect(timeZoneName.parse('AET')).toBe('Australia/Sydney');
  });

  it('is refused where there is none of this name', () => {
    expect(timeZoneName.safeParse('Europe/Nowhere').error?.issues).toMatchObject([{ message: 'is not a time zone' }]);
  });
});
