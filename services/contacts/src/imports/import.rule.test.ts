import { describe, expect, it } from 'vitest';
import { mergeRow, readRow, type ImportField, type ImportPlan } from './import.rule.js';

const NOW = new Date('2026-11-22T12:00:00Z');
const plan = (
  fields: readonly (ImportField | [ImportField, string])[],
  more: Partial<ImportPlan> = {},
): ImportPlan => ({
  columns: fields.map((each, index) => {
    const [field, attribute] = typeof each === 'string' ? [each, null] : each;
    return { index, name: `Spalte ${index}`, field, attribute };
  }),
  country: 'DE',
  labelIds: [],
  attributes: new Map([['size', { type: 'NUMBER', options: [] }]]),
  labels: new Map([['vip', 'label-vip']]),
  readsConsent: true,
  now: NOW,
  ...more,
});

describe('a row', () => {
  it('given all kinds of cells, then each is stored as by hand', () => {
    const fields = ['NAME', 'PHONE', 'EMAIL', 'LANGUAGE', 'CITY', 'COUNTRY', 'LABELS', ['ATTRIBUTE', 'size']] as const;
    const cells = [' Anna  Berg ', '0151 99887766', 'a@Example.org', 'de', 'Wien', 'at', 'VIP', '42.0'];
    expect(readRow(cells, plan(fields as never))).toEqual({
      givenName: 'Anna Berg',
      phone: '+4915199887766',
      email: 'a@example.org',
      language: 'de',
      address: { street: null, postalCode: null, city: 'Wien', region: null, country: 'AT' },
      labelIds: ['label-vip'],
      values: new Map([['size', { value: '42', number: 42 }]]),
      consent: null,
    });
  });

  it('given a label in quotation marks, then its name may have what separates names', () => {
    const labels = new Map([
      ['vip', 'v'],
      ['messe, "berlin"', 'm'],
    ]);
    const read = readRow(
      ['0151 99887766', '"Messe, ""Berlin""; VIP'.replace(';', '";')],
      plan(['PHONE', 'LABELS'], { labels }),
    );
    expect(read).toMatchObject({ labelIds: ['m', 'v'] });
  });

  it('given the apostrophe of a spreadsheet, then the number is read without it', () => {
    expect(readRow(["'+4915199887766"], plan(['PHONE']))).toMatchObject({ phone: '+4915199887766' });
  });

  it.each([
    [['NAME'], ['Anna'], null],
    [['PHONE'], ['0000000'], 'Spalte 0'],
    [['PHONE', 'CITY', 'COUNTRY'], ['0151 99887766', 'Wien', 'XX'], 'Spalte 2'],
    [['PHONE', 'LABELS'], ['0151 99887766', 'VIP; unbekannt'], 'Spalte 1'],
    [['PHONE', ['ATTRIBUTE', 'size']], ['0151 99887766', 'groß'], 'Spalte 1'],
    [['PHONE', 'CONSENT_GIVEN_AT'], ['0151 99887766', '22.11.2026'], 'Spalte 1'],
    [['PHONE', 'CONSENT_GIVEN_AT'], ['0151 99887766', '2026-11-23'], 'Spalte 1'],
  ] as [ImportField[], string[], string | null][])(
    'given %j and %j, then column %s is at fault, unquoted',
    (fields, cells, column) => {
      const refusal = readRow(cells, plan(fields));
      expect(refusal).toEqual({ column, problem: expect.any(String) });
      for (const cell of cells) expect(JSON.stringify(refusal)).not.toContain(cell);
    },
  );

  it.each([
    [['2026-11-01', 'form-17'], { occurredAt: new Date('2026-11-01'), evidence: { formRequestId: 'form-17' } }],
    [['2026-11-01 10:30', 'f'], { occurredAt: new Date('2026-11-01T10:30:00Z'), evidence: { formRequestId: 'f' } }],
    [['2026-11-01', ''], null],
    [['', 'form-17'], null],
  ])('given %j as evidence, then the consent is %j', (cells, consent) => {
    const fields = ['PHONE', 'CONSENT_GIVEN_AT', 'CONSENT_REQUEST_ID'] as const;
    expect(readRow(['0151 99887766', ...cells], plan(fields))).toMatchObject({ consent });
    expect(readRow(['0151 99887766', ...cells], plan(fields, { readsConsent: false }))).toMatchObject({
      consent: null,
    });
  });
});

describe('a row about somebody who is known', () => {
  const known = { givenName: 'Anna', email: null, language: 'de', address: null };
  const said = { givenName: 'Anna B.', email: 'a@example.org', language: null, address: null };

  it('given FILL, then it adds what is missing', () => {
    expect(mergeRow(known, said, 'FILL')).toEqual({ ...known, email: 'a@example.org' });
  });

  it('given OVERWRITE, then what it says wins, and what it does not say stays', () => {
    expect(mergeRow(known, said, 'OVERWRITE')).toEqual({ ...said, language: 'de' });
  });
});
