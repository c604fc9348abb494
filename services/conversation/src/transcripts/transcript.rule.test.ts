import { describe, expect, it } from 'vitest';
import { localTime, toJson, toText, type Transcript, type TranscriptEntry } from './transcript.rule.js';

const entry = (more: Partial<TranscriptEntry>): TranscriptEntry => ({
  kind: 'MESSAGE',
  id: 'm1',
  seq: 1,
  at: new Date('2026-07-01T22:30:00.123Z'),
  direction: 'INBOUND',
  type: 'text',
  status: 'RECEIVED',
  authorId: null,
  apiKeyId: null,
  text: 'Hallo',
  referral: null,
  ...more,
});
const transcript = (more: Partial<Transcript> = {}): Transcript => ({
  header: {
    conversationId: 'c1',
    status: 'OPEN',
    channelId: 'ch1',
    openedAt: new Date('2026-01-01T00:00:00Z'),
    contactName: 'Ada',
  },
  entries: [
    entry({}),
    entry({ kind: 'NOTE', direction: null, status: null, authorId: 'anna', text: 'VIP' }),
    entry({ seq: 2, direction: 'OUTBOUND', status: 'FAILED', authorId: 'gone', text: 'eins\n[2026] Ada: zwei' }),
    entry({ seq: 3, type: 'image', text: null, direction: 'OUTBOUND', status: 'SENT', apiKeyId: 'k1' }),
  ],
  nameOf: (id) => (id === 'anna' ? 'Anna' : undefined),
  timeZone: 'Europe/Berlin',
  isFirst: true,
  ...more,
});

describe('a time', () => {
  it.each([
    ['Europe/Berlin', '2026-07-02T00:30:00+02:00'],
    ['UTC', '2026-07-01T22:30:00+00:00'],
    ['Asia/Kolkata', '2026-07-02T04:00:00+05:30'],
    ['America/New_York', '2026-07-01T18:30:00-04:00'],
  ])('in %s reads %s', (zone, expected) => {
    expect(localTime(new Date('2026-07-01T22:30:00.123Z'), zone)).toBe(expected);
  });
});

describe('a transcript', () => {
  it('as text has a line for each entry, and no text that looks like one', () => {
    expect(toText(transcript())).toBe(
      [
        'Conversation c1',
        'With: Ada',
        'Opened: 2026-01-01T01:00:00+01:00 (Europe/Berlin)',
        '',
        '[2026-07-02T00:30:00+02:00] Ada: Hallo',
        '[2026-07-02T00:30:00+02:00] Anna (note): VIP',
        '[2026-07-02T00:30:00+02:00] Member gone [FAILED]: eins',
        '    [2026] Ada: zwei',
        '[2026-07-02T00:30:00+02:00] API key k1: [image]',
        '',
      ].join('\n'),
    );
    expect(toText(transcript({ isFirst: false, entries: [] }))).toBe('');
  });

  it('as JSON is a document of its own, also in parts', () => {
    const parsed = JSON.parse(toJson(transcript({ isFirst: false }))) as { entries: unknown[] };
    expect(parsed).toMatchObject({ conversation: { id: 'c1', contactName: 'Ada' }, timeZone: 'Europe/Berlin' });
    expect(parsed.entries).toMatchObject([
      { kind: 'MESSAGE', seq: 1, from: 'Ada', at: '2026-07-02T00:30:00+02:00', direction: 'INBOUND' },
      { kind: 'NOTE', seq: 1, from: 'Anna', text: 'VIP' },
      { kind: 'MESSAGE', seq: 2, status: 'FAILED' },
      { kind: 'MESSAGE', seq: 3, type: 'image', text: null },
    ]);
    expect(Object.keys(parsed.entries[1] as object)).not.toContain('direction');
  });
});
