import { describe, expect, it } from 'vitest';
import { acceptsHtml, negotiate } from './negotiation.js';

describe('negotiate', () => {
  it.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    ['application/json', 'application/json'],
    ['application/graphql-response+json', 'application/graphql-response+json'],
    ['application/graphql-response+json, application/json;q=0.9', 'application/graphql-response+json'],
    ['application/json, application/graphql-response+json;q=0.5', 'application/json'],
    ['application/json; charset=utf-8', 'application/json'],
    ['application/json; charset=iso-8859-1', undefined],
    ['application/graphql-response+json;q=0, */*', 'application/json'],
    ['text/html', undefined],
  ])('answers %s with %s', (accept, type) => {
    expect(negotiate(accept)).toBe(type);
  });
});

describe('acceptsHtml', () => {
  it('is for browsers only', () => {
    expect(acceptsHtml('text/html,application/xhtml+xml,*/*;q=0.8')).toBe(true);
    expect(acceptsHtml('*/*')).toBe(false);
    expect(acceptsHtml(undefined)).toBe(false);
  });
});
