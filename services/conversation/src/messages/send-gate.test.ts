import {
  templateStatus,
  type ChannelCapabilities,
  type MediaKind,
  type OutgoingContent,
  fillTemplate,
} from '@fenster/contracts';
import { DomainError, newId } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import type { KnownTemplate } from '../templates/template-state.rule.js';
import { plainText } from './outgoing-content.js';
import { checkSend, REPLY_KINDS, type SendAttempt, type SendState } from './send-gate.js';

const now = new Date('2026-11-21T12:00:00Z');
const attempt: SendAttempt = { by: { kind: 'member', id: 'm1' }, kind: 'TEXT', content: plainText('Hallo') };
const state: SendState = {
  now,
  window: { expiresAt: new Date('2026-11-21T12:00:00.001Z') },
  lastSeq: 7,
  channelId: 'c1',
  conversation: { status: 'OPEN', resolvedAt: null, snoozeKind: null, snoozedUntil: null, snoozeHours: null },
  isAnotherOpen: false,
};
const template = {
  id: '019aa5e0-7c1e-7cc3-98c4-dc0c0c07398f',
  accountId: 'waba1',
  name: 'termin',
  language: 'de',
  status: 'APPROVED',
  category: 'UTILITY',
  parameterFormat: 'POSITIONAL',
  definition: { body: { text: 'Bis morgen!', examples: [] }, buttons: [], unknownParts: [] },
} as const satisfies KnownTemplate;
const sending = {
  kind: 'TEMPLATE',
  content: fillTemplate(template, {}),
  contentField: 'content.template',
} as const satisfies Partial<SendAttempt>;
const there = {
  template,
  channel: { state: 'ACTIVE', stateReason: null, accountId: 'waba1' },
} as const satisfies Partial<SendState>;
const RESOLVED = { ...state.conversation, status: 'RESOLVED', resolvedAt: now } as const;

const reasons = (trying: Partial<SendAttempt> = {}, being: Partial<SendState> = {}) =>
  checkSend({ ...attempt, ...trying }, { ...state, ...being });
const codes = (...given: Parameters<typeof reasons>) => reasons(...given).map(({ code }) => code);

describe('the send gate', () => {
  it('lets a reply through while the window is open', () => {
    expect(codes()).toEqual([]);
    expect(codes({ expectedLastSeq: 7 })).toEqual([]);
  });

  it('refuses what is free-form when the window is over or never was', () => {
    for (const kind of ['TEXT', 'REACTION'] as const) {
      expect(codes({ kind }, { window: { expiresAt: now } })).toEqual(['WINDOW_CLOSED']);
      expect(codes({ kind }, { window: { expiresAt: null } })).toEqual(['WINDOW_CLOSED']);
    }
    expect(codes({ kind: 'TEMPLATE' }, { window: { expiresAt: null } })).not.toContain('WINDOW_CLOSED');
  });

  describe('over a channel that can carry few things', () => {
    const sms: ChannelCapabilities = {
      serviceWindow: false,
      templates: false,
      contentKinds: ['text'],
      mediaKinds: {},
      maxTextCharacters: 10,
      maxTextBytes: 12,
      quotes: false,
      reactions: false,
      readReceipts: false,
      typing: false,
      statuses: ['sent', 'delivered', 'failed'],
      businessProfile: false,
      costModel: 'UNTOLD',
    };
    const over = (capabilities: ChannelCapabilities | null): Partial<SendState> => ({
      channel: { state: 'ACTIVE', stateReason: null, capabilities },
      window: { expiresAt: null },
    });
    const list = {
      kind: 'list',
      body: 'Wann?',
      button: 'Tage',
      sections: [{ rows: [{ id: '1', title: 'Heute' }] }],
    } as const satisfies OutgoingContent;

    it('knows no window where there is none, and one where nothing was told', () => {
      expect(codes({}, over(sms))).toEqual([]);
      expect(codes({}, over({ ...sms, serviceWindow: true }))).toEqual(['WINDOW_CLOSED']);
      expect(codes({}, over(null))).toEqual(['WINDOW_CLOSED']);
    });

    it('refuses what it cannot carry, and names the field', () => {
      const given = { kind: 'INTERACTIVE', content: list, contentField: 'content.list' } as const;
      expect(reasons(given, over(sms))).toMatchObject([
        { code: 'INVALID_INPUT', field: 'content.list', message: expect.stringContaining('text only') as string },
      ]);
      const quoting = { contextProviderMessageId: 'SM1' };
      expect(reasons(quoting, over(sms))).toMatchObject([{ code: 'INVALID_INPUT', field: 'replyToMessageId' }]);
      expect(codes(quoting, over({ ...sms, quotes: true }))).toEqual([]);
    });

    it('says which kinds may be sent, before there is any content', () => {
      const sendable = REPLY_KINDS.filter((kind) => codes({ kind, content: undefined }, over(sms)).length === 0);
      expect(sendable).toEqual(['TEXT']);
      const carried = { ...sms, reactions: true, contentKinds: ['text', 'list', 'media'] } as const;
      const more = over({ ...carried, contentKinds: [...carried.contentKinds] });
      expect(REPLY_KINDS.filter((kind) => codes({ kind, content: undefined }, more).length === 0)).toEqual([
        'TEXT',
        'REACTION',
        'MEDIA',
        'INTERACTIVE',
      ]);
    });

    it.each([
      ['x'.repeat(10), []],
      ['x'.repeat(11), ['text']],
      ['ü'.repeat(6), []],
      ['ü'.repeat(7), ['text']],
    ])('has limits of its own for a text: %s', (body, fields) => {
      expect(reasons({ content: plainText(body) }, over(sms)).map(({ field }) => field)).toEqual(fields);
    });

    it('refuses kinds of files that it does not know', () => {
      const content = { kind: 'media', mediaKind: 'STICKER', mediaId: newId() } as const;
      const capabilities: ChannelCapabilities = {
        ...sms,
        contentKinds: ['media'],
        mediaKinds: { IMAGE: { maxBytes: 1 } },
      };
      const given = { kind: 'MEDIA', content, contentField: 'content.media' } as const;
      expect(reasons(given, over(capabilities))).toMatchObject([{ field: 'content.media.mediaKind' }]);
      expect(codes({ ...given, content: { ...content, mediaKind: 'IMAGE' } }, over(capabilities))).toEqual([]);
    });
  });

  it.each([
    ['ERROR', 'The access of this number has expired.', 'access_expired', 'The access of this number has expired.'],
    ['ERROR', null, null, 'administrator'],
    ['DISABLED', null, null, 'switched this number off'],
  ] as const)(
    'refuses what goes over a channel that is down (%s), and says what to do',
    (channelState, stateReason, stateReasonCode, words) => {
      const [reason, ...others] = reasons({}, { channel: { state: channelState, stateReason, stateReasonCode } });
      expect(reason).toMatchObject({ code: 'CHANNEL_DOWN', details: { channelState, stateReason, stateReasonCode } });
      expect(reason!.message).toContain(words);
      expect(others).toEqual([]);
      expect(codes({ kind: 'TEMPLATE' }, { channel: { state: channelState, stateReason } })).toContain('CHANNEL_DOWN');
    },
  );

  it('lets through what goes over a channel that is active, or of which nothing is known', () => {
    for (const channel of [null, { state: 'ACTIVE', stateReason: null } as const])
      expect(codes({}, { channel })).toEqual([]);
  });

  it('refuses when somebody wrote since the sender last looked', () => {
    expect(reasons({ expectedLastSeq: 6 })).toMatchObject([{ code: 'STALE_THREAD', field: 'expectedLastSeq' }]);
  });

  it('refuses empty and over-long texts, counting characters and not bytes, and what no text contains', () => {
    expect(reasons({ content: plainText(' \n') })).toMatchObject([{ code: 'INVALID_INPUT', field: 'text' }]);
    expect(codes({ content: plainText('🙂'.repeat(4096)) })).toEqual([]);
    expect(reasons({ content: plainText('x'.repeat(4097)) })).toMatchObject([{ code: 'INVALID_INPUT', field: 'text' }]);
    expect(codes({ content: plainText('a\0b') })).toEqual(['INVALID_INPUT']);
    expect(codes({ content: plainText('\ud800') })).toEqual(['INVALID_INPUT']);
  });

  it('refuses to reopen what is resolved beside another conversation, and reopens it otherwise', () => {
    expect(codes({}, { conversation: RESOLVED })).toEqual([]);
    expect(codes({}, { conversation: RESOLVED, isAnotherOpen: true })).toEqual(['ANOTHER_CONVERSATION_OPEN']);
  });

  it('lets rules of Fenster write where a reply would reopen', () => {
    const automation = { by: { kind: 'system', id: 'away' }, isReply: false } as const;
    expect(codes(automation, { conversation: RESOLVED, isAnotherOpen: true })).toEqual([]);
  });

  it('refuses while somebody else has the claim or control, and lets through whose they are', () => {
    const claim = {
      conversationId: 'c',
      workspaceId: 'w',
      holderKind: 'member',
      holderId: 'm1',
      takenAt: now,
      expiresAt: new Date(now.getTime() + 1),
      seconds: 60,
      reason: null,
    } as const;
    const program = { controller: { kind: 'api_key', id: 'k1' } } as const;
    expect(codes({}, { claim })).toEqual([]);
    expect(codes({ by: { kind: 'member', id: 'm2' } }, { claim })).toEqual(['CLAIMED_BY_OTHER']);
    expect(codes({ by: { kind: 'member', id: 'm2' } }, { claim: { ...claim, expiresAt: now } })).toEqual([]);
    expect(codes({}, { control: program })).toEqual(['NOT_IN_CONTROL']);
    expect(codes({ by: { kind: 'api_key', id: 'k1' } }, { control: program })).toEqual([]);
  });

  describe('given marketing', () => {
    const definition = { ...template.definition!, footer: 'Reply STOP to opt out' };
    const offer = { ...template, definition, category: 'MARKETING' } as const;
    const person = { phone: '+491701234567', bsuid: null, threemaId: null, optedOutAt: null, marketingStoppedAt: null };
    const agreed = {
      purpose: 'marketing',
      identityKind: 'PHONE',
      identityValue: person.phone,
      state: 'CONFIRMED',
      isGranted: true,
      since: now,
    } as const;
    const consent = { facts: { ...person, consents: [agreed] }, words: [] };
    const toSomebody = { ...there, template: offer, consent };

    it('lets it through to who has agreed', () => {
      expect(codes(sending, toSomebody)).toEqual([]);
    });

    it('refuses it to everybody else, also where nothing is known', () => {
      expect(codes(sending, { ...toSomebody, consent: undefined })).toEqual(['CONSENT_MISSING']);
      const nobody = { ...consent, facts: { ...person, consents: [] } };
      expect(codes(sending, { ...toSomebody, consent: nobody })).toEqual(['CONSENT_MISSING']);
      const stopped = { ...consent, facts: { ...consent.facts, optedOutAt: now } };
      expect(codes(sending, { ...toSomebody, consent: stopped })).toEqual(['OPTED_OUT']);
    });

    it('refuses it as long as it does not tell how to end it, by the words of the workspace too', () => {
      const silent = { ...offer, definition: { ...definition, footer: 'Basta beendet Werbung' } };
      expect(codes(sending, { ...toSomebody, template: silent })).toEqual(['OPT_OUT_HINT_MISSING']);
      const words = [{ word: 'basta', locale: 'de', isEveryday: false, isActive: true }];
      expect(codes(sending, { ...toSomebody, template: silent, consent: { ...consent, words } })).toEqual([]);
      const buttons = [{ kind: 'quickReply', text: 'Stop promotions' } as const];
      const withButton = { ...offer, definition: { ...definition, footer: undefined, buttons } };
      expect(codes(sending, { ...toSomebody, template: withButton })).not.toContain('OPT_OUT_HINT_MISSING');
    });

    it('asks nothing of the kind of what is no marketing', () => {
      for (const category of ['UTILITY', 'AUTHENTICATION'] as const) {
        expect(codes(sending, { ...there, template: { ...template, category }, consent: undefined })).toEqual([]);
      }
      expect(codes({}, { consent: undefined })).toEqual([]);
    });
  });

  it('lets a template through outside the window that is approved and belongs to the account of the channel', () => {
    expect(codes(sending, { ...there, window: { expiresAt: null } })).toEqual([]);
    const elsewhere = { ...template, accountId: 'waba2' };
    expect(reasons(sending, { ...there, template: elsewhere })).toMatchObject([
      { code: 'INVALID_INPUT', field: 'content.template.templateId' },
    ]);
    // Of a channel that nothing is known of, not whose account it is either.
    expect(codes(sending, { ...there, channel: null })).toEqual(['INVALID_INPUT']);
  });

  it.each(templateStatus.exclude(['APPROVED']).options)(
    'refuses a template that is %s, and says what to do',
    (status) => {
      const [reason, ...others] = reasons(sending, { ...there, template: { ...template, status } });
      expect(reason).toMatchObject({ code: 'TEMPLATE_NOT_USABLE', details: { templateStatus: status } });
      expect(reason!.message).toMatch(/Choose another one/);
      expect(others).toEqual([]);
    },
  );

  it('refuses a template that is gone, not read yet, or cannot be filled', () => {
    const codesOf = (known: SendState['template']) => codes(sending, { ...there, template: known });
    expect(codesOf(null)).toEqual(['TEMPLATE_NOT_USABLE']);
    expect(codesOf({ ...template, definition: null })).toEqual(['TEMPLATE_NOT_USABLE']);
    expect(codesOf({ ...template, definition: { ...template.definition, unknownParts: ['MPM'] } })).toEqual([
      'TEMPLATE_NOT_USABLE',
    ]);
  });

  it('refuses a one-time password to whom no phone number is known of', () => {
    const login = { ...template, category: 'AUTHENTICATION' } as const;
    expect(codes(sending, { ...there, template: login, hasPhone: false })).toEqual(['PHONE_NEEDED']);
    expect(codes(sending, { ...there, template: login, hasPhone: true })).toEqual([]);
    expect(codes(sending, { ...there, hasPhone: false })).toEqual([]);
  });

  it('names what does not fit the template', () => {
    const content = { ...sending.content, body: [{ text: 'Anna' }] };
    expect(reasons({ ...sending, content }, there)).toMatchObject([
      { code: 'INVALID_INPUT', field: 'content.template.body' },
    ]);
  });

  it('refuses an API key that has used up its quota, until when', () => {
    const resetsAt = new Date('2026-11-21T13:00:00Z');
    expect(codes({}, { quota: { count: 2, per: 'HOUR', left: 1, resetsAt } })).toEqual([]);
    expect(reasons({}, { quota: { count: 2, per: 'HOUR', left: 0, resetsAt } })).toMatchObject([
      { code: 'QUOTA_EXCEEDED', details: { resetsAt } },
    ]);
  });

  it('lets everything else through, while the window is open', () => {
    for (const kind of REPLY_KINDS.filter((each) => each !== 'TEMPLATE')) {
      expect(codes({ kind })).toEqual([]);
      expect(codes({ kind }, { window: { expiresAt: now } })).toEqual(['WINDOW_CLOSED']);
    }
  });

  it('lets a file through that the sender uploaded for this channel, as what it is', () => {
    const mediaId = newId();
    const file = {
      id: mediaId,
      channelId: 'c1',
      kind: 'AUDIO',
      mimeType: 'audio/ogg',
      sizeBytes: 1,
      fileName: null,
    } as const;
    const fields = (mediaKind: MediaKind, known: object | undefined = file) =>
      reasons({
        kind: 'MEDIA',
        content: { kind: 'media', mediaKind, mediaId },
        contentField: 'content.media',
        files: new Map(known ? [[mediaId, { ...file, ...known }]] : []),
      }).map(({ field }) => field);
    expect(fields('AUDIO')).toEqual([]);
    expect(fields('VOICE')).toEqual([]);
    expect(fields('VOICE', { mimeType: 'audio/mpeg' })).toEqual(['content.media.mediaKind']);
    expect(fields('IMAGE')).toEqual(['content.media.mediaKind']);
    expect(fields('AUDIO', { channelId: 'c2' })).toEqual(['content.media.mediaId']);
    expect(
      reasons({
        kind: 'MEDIA',
        content: { kind: 'media', mediaKind: 'AUDIO', mediaId },
        contentField: 'content.media',
        files: new Map(),
      }),
    ).toMatchObject([{ code: 'INVALID_INPUT', field: 'content.media.mediaId' }]);
  });

  it('names every field of the content that breaks a limit, as the API calls it', () => {
    const content = {
      kind: 'buttons',
      body: ' ',
      buttons: [
        { id: 'yes', title: 'Ja' },
        { id: 'yes', title: 'x'.repeat(21) },
      ],
    } as const;
    expect(
      reasons({
        kind: 'INTERACTIVE',
        content: { ...content, buttons: [...content.buttons] },
        contentField: 'content.buttons',
      }).map(({ code, field, message }) => [code, field, message]),
    ).toEqual([
      ['INVALID_INPUT', 'content.buttons.body', 'must not be empty.'],
      ['INVALID_INPUT', 'content.buttons.buttons.1.title', 'must have at most 20 characters.'],
      ['INVALID_INPUT', 'content.buttons.buttons.1.id', 'must be there only once.'],
    ]);
  });

  it('gives all reasons, always in the same order', () => {
    const forbidden = new DomainError('BEYOND_API_KEY', 'No.');
    expect(
      codes(
        { forbidden, content: plainText(''), expectedLastSeq: 1 },
        {
          window: { expiresAt: null },
          conversation: RESOLVED,
          isAnotherOpen: true,
          quota: { count: 2, per: 'HOUR', left: 0, resetsAt: now },
        },
      ),
    ).toEqual([
      'BEYOND_API_KEY',
      'INVALID_INPUT',
      'STALE_THREAD',
      'ANOTHER_CONVERSATION_OPEN',
      'WINDOW_CLOSED',
      'QUOTA_EXCEEDED',
    ]);
  });
});
