import { describe, expect, it } from 'vitest';
import type { CompleteMessage } from '../messages/completion.js';
import { readPriceBook } from '../price-books/stored-price-book.js';
import { REGULAR_SERVICE } from '../testing/events.js';
import { ledgerEntryOf } from './ledger-entry.js';

const { book } = await readPriceBook(new URL('../../data/rates.csv', import.meta.url));

const MESSAGE: CompleteMessage = {
  workspaceId: 'workspace',
  messageId: 'message',
  conversationId: 'conversation',
  pricing: REGULAR_SERVICE,
  recipientCountry: 'DE',
  currency: 'EUR',
  timeZone: 'Europe/Berlin',
  deliveredAt: new Date('2026-11-21T12:00:00Z'),
};

describe('the ledger entry of a message', () => {
  it('is a charge of the rate card', () => {
    expect(ledgerEntryOf(MESSAGE, book)).toMatchObject({
      kind: 'charge',
      charge: { amountMicros: 45_600, currency: 'EUR', market: 'Germany' },
    });
  });

  it('is a charge of zero when the provider says that the allowance applied', () => {
    const pricing = { ...REGULAR_SERVICE, type: 'free_customer_service', billable: false };
    expect(ledgerEntryOf({ ...MESSAGE, pricing }, book)).toMatchObject({
      kind: 'charge',
      charge: { amountMicros: 0, freeReason: 'SERVICE_ALLOWANCE' },
    });
  });

  it.each([
    ['RECIPIENT_COUNTRY_UNKNOWN', { recipientCountry: undefined }],
    ['CATEGORY_UNKNOWN', { pricing: { ...REGULAR_SERVICE, category: 'poetry' } }],
    ['RATE_MISSING', { currency: 'JPY' }],
    [
      'CHARGED_PER_CONVERSATION',
      { pricing: { model: 'CBP', category: 'service', billable: true }, deliveredAt: new Date('2024-05-01T12:00:00Z') },
    ],
  ])('is no zero but the reason %s where no rate fits', (reason, facts) => {
    expect(ledgerEntryOf({ ...MESSAGE, ...facts }, book)).toMatchObject({ kind: 'unrated', reason });
  });
});
