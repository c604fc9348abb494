import { newId } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import { formatCredential, newCredential, parseAuthorization } from './api-key.secret.js';

describe("an API key's secret", () => {
  it('is read back from a header as it was written', () => {
    const credential = newCredential(newId());
    expect(parseAuthorization(`Bearer ${formatCredential(credential)}`)).toEqual(credential);
    expect(formatCredential(credential)).toMatch(/^fk_[0-9a-f]{32}_[\w-]{43}$/);
  });

  it('is another one each time', () => {
    const id = newId();
    expect(newCredential(id).secret).not.toBe(newCredential(id).secret);
  });

  const whole = formatCredential(newCredential(newId()));
  it.each([undefined, '', whole, `Basic ${whole}`, `Bearer ${whole}x`, `Bearer ${whole.slice(0, -1)}`, 'Bearer a.b.c'])(
    'is not in %j',
    (header) => {
      expect(parseAuthorization(header)).toBeUndefined();
    },
  );
});
