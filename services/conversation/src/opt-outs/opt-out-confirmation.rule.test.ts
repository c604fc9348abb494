import { describe, expect, it } from 'vitest';
import { confirmationText } from './opt-out-confirmation.rule.js';

describe('the confirmation of an opt-out', () => {
  it.each([
    ['de', '+33612345678', /keine Werbung/],
    ['de-AT', null, /keine Werbung/],
    ['en', '+491701234567', /no more marketing/],
    ['fr', '+491701234567', /no more marketing/],
    [null, '+491701234567', /keine Werbung/],
    [null, '+43660123456', /keine Werbung/],
    [null, '+41791234567', /keine Werbung/],
    [null, '+420601123456', /no more marketing/],
    [null, null, /no more marketing/],
  ])('is, for a word in %s and the number %s, %s', (locale, phone, text) => {
    expect(confirmationText(locale, phone)).toMatch(text);
  });

  it('is what the workspace says in that language, the exact one first, and else what Fenster says', () => {
    const own = [
      { locale: 'de-AT', text: 'Baba!' },
      { locale: 'de', text: 'Tschüss!' },
      { locale: 'fr', text: 'Au revoir !' },
    ];
    const said = (locale: string | null, phone: string | null = null) => confirmationText(locale, phone, own);
    expect(said('de-AT')).toBe('Baba!');
    expect(said('fr-CA')).toBe('Au revoir !');
    expect(said('de')).toBe('Tschüss!');
    expect(said(null, '+33612345678')).toMatch(/no more marketing/);
    expect(said('en', '+491701234567')).toMatch(/no more marketing/);
  });
});
