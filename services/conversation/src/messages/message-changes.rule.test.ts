import type { MessageChange } from '@fenster/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyChange,
  currentBody,
  type ChangeableMessage,
  type ReceivedChange,
  type Side,
} from './message-changes.rule.js';

const at = (second: number) => new Date(Date.UTC(2026, 10, 22, 9, 0, second));
const newId = () => 'id';

const text = (body: string, direction: ChangeableMessage['direction'] = 'INBOUND'): ChangeableMessage => ({
  direction,
  versions: [{ providerMessageId: 'wamid.0', writtenAt: at(0), type: 'text', text: body, payload: null }],
  reactions: {},
  revokedAt: null,
});
const received = (name: string, second: number, change: MessageChange, by: Side = 'customer'): ReceivedChange => ({
  by,
  providerMessageId: `wamid.${name}`,
  sentAt: at(second),
  change,
});
const edit = (body: string): MessageChange => ({ kind: 'edit', type: 'text', text: body });
const react = (emoji: string | null): MessageChange => ({ kind: 'reaction', emoji });
const revoke: MessageChange = { kind: 'revoke' };
const after = (message: ChangeableMessage, ...changes: ReceivedChange[]) =>
  changes.reduce((state, change) => applyChange(state, change, newId), message);

describe('a message that was edited', () => {
  it('says what was written last, and keeps what it said before', () => {
    const edited = after(text('am 12.'), received('b', 9, edit('am 22.')), received('a', 5, edit('am 21.')));
    expect(currentBody(edited)).toEqual({ type: 'text', text: 'am 22.', payload: null });
    expect(edited.versions.map((version) => version.text)).toEqual(['am 12.', 'am 21.', 'am 22.']);
  });

  it('says the edit, and not the original, where both came in one second', () => {
    const edited = after(text('am 12.'), received('!', 0, edit('am 21.')));
    expect(currentBody(edited).text).toBe('am 21.');
  });

  it('keeps what is known about its file when only the caption changes', () => {
    const original = { providerMessageId: 'wamid.0', writtenAt: at(0), type: 'image' as const, text: 'so' };
    const image = { ...text(''), versions: [{ ...original, payload: { id: '7', sha256: 'x', caption: 'so' } }] };
    const change: MessageChange = { kind: 'edit', type: 'image', text: 'anders', payload: { caption: 'anders' } };
    expect(currentBody(after(image, received('a', 5, change)))).toEqual({
      type: 'image',
      text: 'anders',
      payload: { id: '7', sha256: 'x', caption: 'anders' },
    });
  });

  it.each([
    ['the business cannot edit what the customer wrote', text('Ja'), 'business'],
    ['the customer cannot edit what we wrote', text('Ja', 'OUTBOUND'), 'customer'],
  ] as const)('%s', (_case, message, by) => {
    expect(after(message, received('a', 5, edit('Nein'), by))).toBe(message);
    expect(after(message, received('a', 5, revoke, by))).toBe(message);
  });
});

describe('a message that was revoked', () => {
  it('has no words left, of none of its versions, and no reactions', () => {
    const revoked = after(
      text('geheim'),
      received('a', 5, edit('geheimer')),
      received('b', 6, react('👍'), 'business'),
      received('c', 7, revoke),
    );
    expect(revoked).toMatchObject({ revokedAt: at(7), versions: [], reactions: {} });
    expect(JSON.stringify([revoked, currentBody(revoked)])).not.toContain('geheim');
  });

  it('is revoked for ever, whatever comes late', () => {
    const revoked = after(text('Ja'), received('c', 7, revoke));
    expect(after(revoked, received('a', 5, edit('Nein')), received('b', 6, react('👍')))).toBe(revoked);
  });
});

describe('a reaction', () => {
  it('replaces the earlier one of its side, and only that', () => {
    const message = after(
      text('Ja'),
      received('a', 5, react('👍')),
      received('b', 6, react('🙏'), 'business'),
      received('c', 7, react('❤️')),
    );
    expect(message.reactions).toMatchObject({
      customer: { emoji: '❤️', status: 'RECEIVED' },
      business: { emoji: '🙏', status: 'SENT' },
    });
  });

  it('that was taken back does not come to life by an older one', () => {
    const message = after(text('Ja'), received('b', 6, react(null)), received('a', 5, react('👍')));
    expect(message.reactions.customer?.emoji).toBeNull();
  });
});

describe('changes in any order, however often', () => {
  const changes = fc
    .uniqueArray(
      fc.record({
        by: fc.constantFrom<Side>('customer', 'business'),
        providerMessageId: fc.stringMatching(/^wamid\.[a-z]{1,2}$/),
        // Few seconds, so that many share one.
        sentAt: fc.integer({ min: 0, max: 4 }).map(at),
        change: fc.oneof(
          fc.record({ kind: fc.constant('edit' as const), type: fc.constant('text' as const), text: fc.string() }),
          fc.record({ kind: fc.constant('reaction' as const), emoji: fc.constantFrom('👍', '❤️', null) }),
          fc.record({ kind: fc.constant('revoke' as const) }),
        ),
      }),
      { selector: ({ providerMessageId }) => providerMessageId, maxLength: 8 },
    )
    .chain((set) =>
      fc.tuple(
        fc.constant(set),
        fc.shuffledSubarray([...set, ...set], { minLength: set.length * 2, maxLength: set.length * 2 }),
      ),
    );

  it('end in the same message', () => {
    fc.assert(
      fc.property(changes, fc.constantFrom('INBOUND', 'OUTBOUND'), ([set, mixed], direction) => {
        expect(after(text('Ja', direction), ...mixed)).toEqual(after(text('Ja', direction), ...set));
      }),
      { numRuns: 500 },
    );
  });
});
