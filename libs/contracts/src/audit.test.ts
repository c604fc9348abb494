import { describe, expect, it } from 'vitest';
import { AUDITED, auditEntryRecorded } from './audit.js';

const FORBIDDEN = /pass|secret|token|hash|phone|body|text|email|number|address|credential|username/i;

describe('what the audit log can tell', () => {
  it('has no setting for a secret, a message body, a phone number or an address', () => {
    const settings = Object.values(AUDITED).flatMap(({ settings: shape }) => Object.keys(shape.shape));
    expect(settings.length).toBeGreaterThan(10);
    expect(settings.filter((name) => FORBIDDEN.test(name))).toEqual([]);
  });

  it('is no more than the settings of the type of object', () => {
    const { settings } = AUDITED.member;
    expect(settings.safeParse({ role: 'admin' }).success).toBe(true);
    expect(settings.safeParse({ role: 'admin', passwordHash: 'x' }).success).toBe(false);
    expect(settings.safeParse({ role: 'Call me on +49 151 12345678' }).success).toBe(false);
  });

  it.each([
    ['Support +49 151 12345678', 'Support •••'],
    ['0151/1234-5678 (Anna)', '••• (Anna)'],
    ['Team 2026', 'Team 2026'],
    ['half \ud83d and \0', 'half \ufffd and '],
  ])('shows the name %j as %j', (name, shown) => {
    expect(AUDITED.team.settings.parse({ name })).toEqual({ name: shown });
  });

  it('names actions and objects as the event demands', () => {
    const { schema } = auditEntryRecorded.get('identity')!;
    for (const [objectType, { verbs }] of Object.entries(AUDITED)) {
      for (const verb of verbs) {
        const entry = {
          action: `${objectType}.${verb}`,
          objectType,
          objectIds: ['019d0000-0000-7000-8000-000000000001'],
        };
        expect(schema.parse(entry)).toEqual(entry);
      }
    }
  });
});
