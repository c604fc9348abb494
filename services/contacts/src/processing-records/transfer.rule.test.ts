import { describe, expect, it } from 'vitest';
import { transferTo } from './transfer.rule.js';

describe('a transfer', () => {
  it.each([
    ['DE', 'NONE'],
    ['NO', 'NONE'],
    ['CH', 'ADEQUACY'],
    ['US', 'DATA_PRIVACY_FRAMEWORK'],
    ['IN', 'SAFEGUARDS'],
  ])('given %s, rests on: %s', (country, transfer) => expect(transferTo(country)).toBe(transfer));
});
