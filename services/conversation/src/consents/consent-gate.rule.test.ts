import { consentState, type ConsentState } from '@fenster/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkConsent, type ConsentFacts, type KnownConsent } from './consent-gate.rule.js';

const PHONE = '+491701234567';
const noon = new Date('2026-11-22T12:00:00Z');
const later = new Date(noon.getTime() + 1_000);

function consent(state: ConsentState, overrides: Partial<KnownConsent> = {}): KnownConsent {
  const isGranted = state === 'CONFIRMED';
  return {
    purpose: 'marketing',
    identityKind: 'PHONE',
    identityValue: PHONE,
    state,
    isGranted,
    since: noon,
    ...overrides,
  };
}
const facts = (overrides: Partial<ConsentFacts> = {}): ConsentFacts => ({
  phone: PHONE,
  bsuid: 'DE.1',
  threemaId: null,
  consents: [consent('CONFIRMED')],
  optedOutAt: null,
  marketingStoppedAt: null,
  ...overrides,
});
const refusal = (...asked: Parameters<typeof checkConsent>) => checkConsent(...asked)?.code;

describe('marketing', () => {
  it('may go to the address that agreed', () => {
    expect(refusal('MARKETING', facts())).toBeUndefined();
    const byUserId = consent('CONFIRMED', { identityKind: 'BSUID', identityValue: 'DE.1' });
    expect(refusal('MARKETING', facts({ phone: null, consents: [byUserId] }))).toBeUndefined();
  });

  it.each(consentState.exclude(['CONFIRMED']).options)('may not go to who is %s', (state) => {
    const expected = ['WITHDRAWN', 'REFUSED', 'PLATFORM_STOPPED'].includes(state) ? 'OPTED_OUT' : 'CONSENT_MISSING';
    expect(refusal('MARKETING', facts({ consents: [consent(state)] }))).toBe(expected);
  });

  it('needs a consent to marketing, and no other', () => {
    expect(refusal('MARKETING', facts({ consents: [consent('CONFIRMED', { purpose: 'order_updates' })] }))).toBe(
      'CONSENT_MISSING',
    );
  });

  it('for a purpose of one’s own needs a consent to that one as well', () => {
    const toEvents = (state: ConsentState) => consent(state, { purpose: 'events' });
    const asked = (...consents: KnownConsent[]) => refusal('MARKETING', facts({ consents }), 'events');
    expect(asked(consent('CONFIRMED'), toEvents('CONFIRMED'))).toBeUndefined();
    expect(asked(consent('CONFIRMED'))).toBe('CONSENT_MISSING');
    expect(asked(toEvents('CONFIRMED'))).toBe('CONSENT_MISSING');
    expect(asked(consent('CONFIRMED'), toEvents('WITHDRAWN'))).toBe('OPTED_OUT');
    const missing = checkConsent('MARKETING', facts(), 'events');
    expect(missing?.details).toEqual({ purpose: 'events', consent: null });
  });

  it('may not go to another number of the same person, nor to their number by consent of their user id', () => {
    expect(refusal('MARKETING', facts({ phone: '+491709999999' }))).toBe('CONSENT_MISSING');
    const byUserId = consent('CONFIRMED', { identityKind: 'BSUID', identityValue: 'DE.1' });
    expect(refusal('MARKETING', facts({ consents: [byUserId] }))).toBe('CONSENT_MISSING');
  });

  it('ends with a no by either name', () => {
    const no = consent('WITHDRAWN', { identityKind: 'BSUID', identityValue: 'DE.1' });
    expect(refusal('MARKETING', facts({ consents: [consent('CONFIRMED'), no] }))).toBe('OPTED_OUT');
    // Of a name that they do not have any more.
    expect(refusal('MARKETING', facts({ bsuid: 'DE.2', consents: [consent('CONFIRMED'), no] }))).toBeUndefined();
  });

  it('ends with what they write here, before the ledger has it, until they agree anew', () => {
    expect(refusal('MARKETING', facts({ optedOutAt: noon }))).toBe('OPTED_OUT');
    expect(refusal('MARKETING', facts({ optedOutAt: later }))).toBe('OPTED_OUT');
    const inTheSameSecond = [consent('CONFIRMED', { since: new Date(noon.getTime() + 999) })];
    expect(refusal('MARKETING', facts({ optedOutAt: noon, consents: inTheSameSecond }))).toBe('OPTED_OUT');
    const anew = facts({ optedOutAt: noon, consents: [consent('CONFIRMED', { since: later })] });
    expect(refusal('MARKETING', anew)).toBeUndefined();
  });

  it('ends with their switch at the provider, whatever they agreed to since', () => {
    const anew = [consent('CONFIRMED', { since: later })];
    expect(refusal('MARKETING', facts({ marketingStoppedAt: noon, consents: anew }))).toBe('OPTED_OUT');
  });

  it('is what a provider makes up as well', () => {
    expect(refusal('OTHER', facts({ consents: [] }))).toBe('CONSENT_MISSING');
  });
});

describe('what is no marketing', () => {
  it('goes to who has stopped marketing', () => {
    const no = facts({ optedOutAt: noon, marketingStoppedAt: noon, consents: [consent('WITHDRAWN')] });
    expect(refusal('UTILITY', no)).toBeUndefined();
    expect(refusal('AUTHENTICATION', no)).toBeUndefined();
  });

  it('does not go, if it is an update, to who objected to updates', () => {
    const no = facts({ consents: [consent('WITHDRAWN', { purpose: 'order_updates' })] });
    expect(checkConsent('UTILITY', no)).toMatchObject({ code: 'OPTED_OUT', details: { purpose: 'order_updates' } });
    expect(refusal('AUTHENTICATION', no)).toBeUndefined();
  });
});

it('lets no marketing through without a confirmed consent of that very address that nothing has ended', () => {
  const value = fc.constantFrom(PHONE, '+491709999999', 'DE.1', 'DE.2');
  const time = fc.constantFrom(noon, later, new Date(later.getTime() + 1));
  const consents = fc.array(
    fc.record({
      purpose: fc.constantFrom('marketing', 'order_updates', 'newsletter'),
      identityKind: fc.constantFrom('PHONE' as const, 'BSUID' as const),
      identityValue: value,
      state: fc.constantFrom(...consentState.options),
      since: time,
    }),
    { maxLength: 4 },
  );
  const person = fc.record({
    phone: fc.constantFrom(PHONE, '+491709999999', null),
    bsuid: fc.constantFrom('DE.1', 'DE.2', null),
    threemaId: fc.constant(null),
    optedOutAt: fc.option(time),
    marketingStoppedAt: fc.option(time),
  });
  fc.assert(
    fc.property(person, consents, fc.constantFrom('MARKETING' as const, 'OTHER' as const), (who, all, category) => {
      const known = all.map((each) => ({ ...each, isGranted: each.state === 'CONFIRMED' }));
      if (checkConsent(category, { ...who, consents: known }) !== undefined) return;
      const isAddress = (each: KnownConsent) =>
        who.phone === null
          ? each.identityKind === 'BSUID' && each.identityValue === who.bsuid
          : each.identityKind === 'PHONE' && each.identityValue === who.phone;
      expect(who.marketingStoppedAt).toBeNull();
      const proof = known.find((each) => each.purpose === 'marketing' && isAddress(each));
      expect(proof).toMatchObject({ state: 'CONFIRMED' });
      if (who.optedOutAt) expect(proof!.since.getTime()).toBeGreaterThan(who.optedOutAt.getTime());
    }),
    { numRuns: 3_000 },
  );
});
