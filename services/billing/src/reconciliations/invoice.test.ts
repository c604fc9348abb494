import { describe, expect, it } from 'vitest';
import { parseInvoice } from './invoice.js';

const HEADER = 'market,category,tier,messages,amount';
const parsed = (...lines: string[]) => parseInvoice([HEADER, ...lines].join('\n'), '2026-10-31');

describe('an invoice', () => {
  it('has lines by market or country, category and tier, with exact amounts', () => {
    expect(parsed('Germany,marketing,,120,13.57', 'AT,authentication-international,0:100000,5,0.0710')).toMatchObject({
      ok: true,
      invoice: {
        version: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        lines: [
          { line: 2, market: 'Germany', category: 'marketing', tier: null, messages: 120, amountMicros: 13_570_000 },
          {
            line: 3,
            market: 'Rest of Western Europe',
            category: 'authentication_international',
            tier: '0:100000',
            messages: 5,
            amountMicros: 71_000,
          },
        ],
      },
    });
  });

  it('is refused as a whole, with every line at fault', () => {
    expect(
      parsed(
        'Germany,marketing,,1,1.00',
        'Atlantis,poetry,high,-1,"1,00"',
        'Germany,marketing,,1',
        'Germany,utility,,1.5,0.1234567',
      ),
    ).toEqual({
      ok: false,
      problems: [
        { line: 3, column: 'market', message: 'is neither a market of the rate card nor a country' },
        { line: 3, column: 'category', message: 'is no category of the provider' },
        { line: 3, column: 'tier', message: 'must be as in 100001:1000000' },
        { line: 3, column: 'messages', message: 'must be a number without sign and separators' },
        { line: 3, column: 'amount', message: 'must be an amount as in 1234.56, with at most six places' },
        { line: 4, message: 'must have 5 fields' },
        { line: 5, column: 'messages', message: 'must be a number without sign and separators' },
        { line: 5, column: 'amount', message: 'must be an amount as in 1234.56, with at most six places' },
      ],
    });
    expect(parseInvoice('market,price\nGermany,1', '2026-10-31')).toMatchObject({ ok: false, problems: [{ line: 1 }] });
    expect(parsed()).toMatchObject({ ok: false, problems: [{ line: 1, message: 'the file has no lines' }] });
  });
});
