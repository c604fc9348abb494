import { describe, expect, it } from 'vitest';
import { createPersonMark } from './person-mark.js';

const mark = createPersonMark(Buffer.alloc(32, 1));

describe('the mark of a person', () => {
  it('is the same for a number with and without its plus sign', () => {
    expect(mark('w', '+4915112345678')).toBe(mark('w', '4915112345678'));
  });

  it('differs by person, workspace and key', () => {
    const others = [mark('w', '+4915112345679'), mark('v', '+4915112345678')];
    others.push(createPersonMark(Buffer.alloc(32, 2))('w', '+4915112345678'));
    expect(new Set([mark('w', '+4915112345678'), ...others]).size).toBe(4);
  });
});
