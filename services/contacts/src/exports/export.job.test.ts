import { describe, expect, it } from 'vitest';
import { csvHeader, csvContacts, jsonOf, type ExportedContact, type ExportSettings } from './export.job.js';

const settings: ExportSettings = { format: 'CSV', withAddresses: true, labelIds: [] };
const contact = (of: Partial<ExportedContact>): ExportedContact => ({
  id: '01',
  name: null,
  phone: null,
  email: null,
  language: null,
  street: null,
  postalCode: null,
  city: null,
  region: null,
  country: null,
  labels: [],
  attributes: {},
  createdAt: new Date('2026-11-22T12:00:00Z'),
  ...of,
});

describe('an export', () => {
  it('names its columns as an import may take them', () => {
    expect(csvHeader(settings, ['size'])).toBe(
      '\ufeffid,name,phone,email,street,postalCode,city,region,country,language,labels,createdAt,attribute.size\r\n',
    );
    expect(csvHeader({ ...settings, withAddresses: false }, [])).toBe('\ufeffid,name,language,labels,createdAt\r\n');
  });

  it.each([['=1+1'], ['+49'], ['-2'], ['@sum(a1)'], ['\tx'], ['\rx']])('runs nothing in a spreadsheet: %j', (name) => {
    const [, cell] = csvContacts([contact({ name })], settings, []).split(',');
    expect(cell!.replace(/^"/, '')).toMatch(/^'/);
    const attributes = csvContacts([contact({ attributes: { size: name } })], settings, ['size']);
    expect(attributes).toContain(`'${name}`);
  });

  it('tells no value of an attribute that is not asked for any more', () => {
    const told = jsonOf(contact({ attributes: { size: '42', old: 'x' } }), settings, ['size']);
    expect(JSON.parse(told)).toMatchObject({ attributes: { size: '42' } });
    expect(told).not.toContain('old');
  });

  it('quotes labels that an import would split', () => {
    const row = csvContacts([contact({ labels: ['Messe, Berlin', 'VIP'] })], settings, []);
    expect(row).toContain('Messe, Berlin""; VIP"');
  });

  it('quotes what would end a cell', () => {
    const row = csvContacts([contact({ name: 'Berg, "Anna"\nMaria', labels: ['VIP', 'Presse'] })], settings, []);
    expect(row).toBe('01,"Berg, ""Anna""\nMaria",,,,,,,,,VIP; Presse,2026-11-22T12:00:00.000Z\r\n');
  });
});
