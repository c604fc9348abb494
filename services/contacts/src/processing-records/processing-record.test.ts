import { retentionClass } from '@fenster/contracts';
import { renderHtml } from '@fenster/documents';
import { describe, expect, it } from 'vitest';
import { DATA_INVENTORY } from './data-inventory.js';
import type { ProcessingFacts } from './processing-facts.js';
import { processingRecord } from './processing-record.js';

const FACTS: ProcessingFacts = {
  workspaceId: '019d0000-0000-7000-8000-000000000001',
  generatedAt: new Date('2026-11-22T13:05:09Z'),
  controller: {
    name: 'Käse & Söhne GmbH',
    address: 'Kuhgasse 3, 83607 Holzkirchen',
    email: 'datenschutz@kaese.example',
    privacyOfficer: 'Dr. Jana Groß',
    jurisdiction: 'DE',
  },
  channels: [
    {
      name: 'WhatsApp Mitte',
      processors: [
        { name: 'Meta (WhatsApp Business Platform)', country: 'US' },
        { name: '360dialog', country: 'DE' },
      ],
      storageRegion: 'DE',
    },
    { name: 'Threema', processors: [{ name: 'Threema', country: 'CH' }], storageRegion: null },
  ],
  attributes: [{ name: 'Allergien', purpose: 'Beratung zu Zutaten', retentionClass: 'SENSITIVE' }],
  purposes: [{ name: 'Gewinnspiel', kind: 'MARKETING', description: 'Auslosung im Advent' }],
  rules: new Map([
    ['MESSAGES', 12],
    ['ATTRIBUTES_SENSITIVE', 1],
    ['AUDIT_LOG', 24],
  ]),
  dataLocation: 'Falkenstein, Deutschland (Hetzner Online GmbH)',
  objectStore: { kind: 'S3', host: 'fenster.s3.eu-central-1.amazonaws.com', region: 'eu-central-1' },
  days: { backups: 30, mergeUndo: 90, jobFiles: 7, eventLogs: 30, streams: 7, deadLetters: 30 },
};
const page = (facts: Partial<ProcessingFacts> = {}, language: 'de' | 'en' = 'de') =>
  renderHtml(processingRecord({ ...FACTS, ...facts }, language));

describe('a record of processing activities', () => {
  it.each([
    [
      'de',
      [
        '12 Monate',
        '1 Monat nach',
        '24 Monate',
        'Vereinigte Staaten',
        'Deutschland',
        'Schweiz',
        'Angemessenheitsbeschluss',
      ],
    ],
    ['en', ['12 months', '1 month after', '24 months', 'United States', 'Germany', 'Switzerland', 'adequacy decision']],
  ] as const)('says what is configured (%s)', (language, words) => {
    const html = page({}, language);
    for (const word of [
      'Käse &amp; Söhne GmbH',
      'Dr. Jana Groß',
      'WhatsApp Mitte',
      '360dialog',
      'Allergien',
      'Beratung zu Zutaten',
      'Auslosung im Advent',
      'Hetzner Online GmbH',
      'fenster.s3.eu-central-1.amazonaws.com',
      ...words,
    ])
      expect(html).toContain(word);
    expect(html).not.toMatch(/undefined|null|\[object/);
  });

  it('given nothing, says what is missing instead of leaving it out', () => {
    const nothing = {
      controller: null,
      dataLocation: null,
      rules: new Map(),
      channels: [{ name: 'Neu', processors: null, storageRegion: null }],
    };
    for (const setting of ['setDataController', 'DATA_LOCATION', 'channels', 'setRetentionRule']) {
      expect(page(nothing)).toMatch(new RegExp(`Es fehlt: [^<]*${setting}`));
    }
    expect(page()).not.toContain('Es fehlt');
  });

  it('given no rule, says that data are kept until they are erased', () => {
    const rows = (html: string) => html.split('12 Monate').length - 1;
    expect(rows(page())).toBeGreaterThan(4);
    expect(rows(page({ rules: new Map() }))).toBe(0);
  });

  it('names data of all classes that rules are for', () => {
    const keepings = Object.values(DATA_INVENTORY).map(({ kept }) => (kept === 'ATTRIBUTES' ? 'ATTRIBUTES_' : kept));
    for (const each of retentionClass.options) expect(keepings.some((one) => each.startsWith(one))).toBe(true);
  });
});
