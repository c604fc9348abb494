import { describe, expect, it } from 'vitest';
import { isIssuerUrl } from './issuer-url.js';

describe("an issuer's address", () => {
  it('is one that may be called, without a query, because more is written behind it', () => {
    expect(isIssuerUrl('https://login.example.com/realms/acme/', { allowLoopback: false })).toBe(true);
    expect(isIssuerUrl('https://login.example.com/?tenant=1', { allowLoopback: false })).toBe(false);
    expect(isIssuerUrl('http://127.0.0.1:4005', { allowLoopback: false })).toBe(false);
  });
});
