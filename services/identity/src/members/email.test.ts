import { describe, expect, it } from 'vitest';
import { normaliseEmail } from './email.js';

describe('normaliseEmail', () => {
  it.each([
    ['  Anna.Berg@Example.TEST ', 'anna.berg@example.test'],
    ['JÜRGEN@müller.test', 'jürgen@müller.test'],
  ])('writes %j as %j', (text, address) => {
    expect(normaliseEmail(text)).toBe(address);
  });

  it.each([
    '',
    'anna',
    '@example.test',
    'anna@',
    'a@b@c',
    'an na@example.test',
    'anna@exa\u0000mple.test',
    `${'a'.repeat(250)}@b.test`,
  ])('refuses %j', (text) => {
    expect(normaliseEmail(text)).toBeUndefined();
  });
});
