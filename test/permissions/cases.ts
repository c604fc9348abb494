import { encodeCursor, encodePage } from '@fenster/graphql';
import type { MemberName, Right } from './rules.js';
import { STUB_PRIVATE_KEY, STUB_PUBLIC_KEY } from '../support/provider-stub.js';
import { canary, digits, oldId, type Place } from './world.js';

type Variables = Record<string, unknown>;

interface QueryCase {
  /** Valid for those of this workspace who may ask. */
  variables?(place: Place): Variables;
  /** Other variables that somebody may try with objects of this workspace. */
  attempts?(place: Place): Variables[];
  /** Positions whose ids only leave out of the answer what else would be there. */
  unchecked?: readonly string[];
  /** It shows nothing that is stored: only how much there is of it. */
  isCount?: boolean;
}

interface MutationCase {
  /** Whose it is: of those with a right, of everybody for what is their own, or of whoever knows a secret. */
  needs: Right | 'own' | 'secret';
  /** What works for `by`. Asked once, at the end; whoever may not is refused all the time before. */
  variables(place: Place): Variables;
  /** Who shows that it works; else the owner. */
  by?: MemberName;
  /** What does not work for anybody, where `variables` would. */
  refused?(place: Place): Variables;
  /** Positions whose ids nobody checks, because another service knows them: what is put there grants nothing. */
  unchecked?: readonly string[];
}

const key = () => canary('key');
/** Of a number that nobody has connected. */
const newNumber = () => ({
  name: canary('channel'),
  phoneNumberId: digits(15),
  wabaId: digits(15),
  phoneNumber: `+4930${digits(8)}`,
  currency: 'EUR',
  timeZone: 'Europe/Berlin',
  idempotencyKey: key(),
});
/** Nobody checks what a filter names: it only leaves out. */
const FILTER_IDS = ['assignee.memberIds', 'team.teamIds', 'channelIds', 'labelIds'].map((name) => `filter.${name}`);
/** What other services know: it finds nobody. */
const CONTACT_FILTER_IDS = ['consent', 'window', 'lastInbound', 'lastOutbound'].map(
  (name) => `filter.${name}.channelIds`,
);
/** The send gate asks when it is sent. */
const NEWSLETTER_IDS = ['input.template.templateId', 'input.template.headerMedia.mediaId'];
const aPage = { at: new Date(), id: oldId() };

/**
 * One case for every root field. How to write one: give variables with which the field works for somebody of the
 * workspace who may, built from the objects of the place (`world.ts` makes them; a new kind of object is inserted
 * there). Each `ID` among the arguments is then replaced by ids of objects of all kinds, without another word.
 * A mutation says also who it is for. A query without arguments is `{}`.
 */
export const QUERIES: Readonly<Record<string, QueryCase>> = {
  'Query.apiKeys': { attempts: ({ keys }) => [{ after: encodePage({ ...aPage, id: keys.unused.id }), first: 100 }] },
  'Query.auditLog': {
    attempts: ({ members, conversations }) => [
      { first: 100, after: encodePage(aPage) },
      { first: 100, filter: { actorId: members.owner.id } },
      { first: 100, filter: { objectType: 'contact', objectId: conversations.ofTeamAssigned.contactId } },
      { first: 100, filter: { action: 'member.remove', from: new Date(0).toISOString() } },
    ],
  },
  'Query.cannedResponse': { variables: ({ cannedResponseId }) => ({ id: cannedResponseId }) },
  'Query.cannedResponses': {
    attempts: ({ cannedResponseId }) => [
      { prefix: 'shortcut', first: 100 },
      { after: Buffer.from(`${cannedResponseId} `).toString('base64url') },
    ],
  },
  'Query.channel': { variables: ({ channels }) => ({ id: channels[0]!.id }) },
  'Query.channels': {},
  'Query.template': { variables: ({ templates }) => ({ id: templates.template.id }) },
  'Query.templates': {
    attempts: ({ templates, channels }) => [
      { first: 100, after: encodePage({ ...aPage, id: templates.template.id }) },
      { filter: { channelId: channels[0]!.id, name: 't_' } },
    ],
  },
  'Query.businessHours': { variables: ({ channels }) => ({ channelId: channels[0]!.id }) },
  'Query.channelSettings': { variables: ({ channels }) => ({ channelId: channels[0]!.id }) },
  'Query.charges': {
    variables: ({ conversations }) => ({ conversationId: conversations.ofTeamAssigned.id }),
    attempts: ({ conversations: { ofTeamOpen } }) => [
      { conversationId: ofTeamOpen.id, first: 100, after: oldId() },
      { conversationId: ofTeamOpen.id, after: ofTeamOpen.id },
      { conversationId: ofTeamOpen.id, first: 1_000_000 },
    ],
  },
  'Query.priceBooks': {},
  'Query.closedPeriods': {},
  'Query.tokenUsages': {},
  'Query.allowances': { variables: () => ({ month: '2026-11' }), attempts: () => [{ month: '2026-13' }] },
  'Query.recalculateMonth': {
    variables: () => ({ month: '2026-11', regime: '2025-07' }),
    attempts: () => [{ month: '2026-11', regime: '1999-01' }],
  },
  'Query.quoteMessages': {
    variables: ({ channels }) => ({
      channelId: channels[0]!.id,
      messages: [{ category: 'marketing', country: 'DE', recipients: 100 }],
    }),
    attempts: ({ channels }) => [
      { channelId: channels[0]!.id, messages: [{ category: 'service', market: 'Germany', recipients: 1 }] },
    ],
  },
  'Query.budgets': {},
  'Query.alerts': { attempts: ({ alertId }) => [{ first: 1, after: encodePage({ ...aPage, id: alertId }) }] },
  'Query.alertDestinations': {},
  'Query.costForecast': { variables: () => ({ month: '2026-11' }), attempts: () => [{ month: '2026-13' }] },
  'Query.reconciliationReport': {
    variables: () => ({ month: '2026-10', currency: 'EUR' }),
    attempts: () => [
      { month: '2026-09', currency: 'EUR' },
      { month: '2025-06', currency: 'EUR' },
    ],
  },
  'Query.reconciliations': { attempts: ({ reconciliations }) => [{ first: 1, after: reconciliations.other }] },
  'Query.unratedMessages': {
    attempts: ({ conversations }) => [{ first: 100, after: conversations.ofTeamOpen.id }, { reason: 'RATE_MISSING' }],
  },
  'Query.expensiveConversations': {
    variables: () => ({ month: '2026-11', currency: 'EUR', first: 100 }),
  },
  'Query.costExport': { variables: ({ costExportId }) => ({ id: costExportId }) },
  'Query.costExports': {
    attempts: ({ costExportId }) => [{ after: encodePage({ ...aPage, id: costExportId }), first: 100 }],
  },
  'Query.costReport': {
    variables: () => ({
      input: { period: { from: '2026-11-01', to: '2026-11-30' }, groupBy: ['CONVERSATION', 'MARKET', 'CATEGORY'] },
    }),
    attempts: ({ conversations, channels }) => [
      {
        input: {
          period: { from: '2026-11-01', to: '2026-11-30' },
          groupBy: ['CHANNEL', 'MARKET', 'CATEGORY', 'TEMPLATE', 'TYPE'],
        },
      },
      {
        input: {
          period: { from: '2026-11-01', to: '2026-11-30' },
          groupBy: ['DAY'],
          filters: [
            { dimension: 'CONVERSATION', values: [conversations.ofTeamOpen.id] },
            { dimension: 'CHANNEL', values: [channels[0]!.id] },
          ],
        },
      },
      { input: { period: { from: '2026-11-01', to: '2026-11-30' }, groupBy: ['CONTACT', 'TEAM'] } },
      { input: { period: { from: '2026-11-01', to: '2026-11-30' }, groupBy: ['LABEL', 'CATEGORY'] } },
    ],
  },
  'Query.consentPurposes': {},
  'Query.erasure': { variables: ({ erasure: { id } }) => ({ id }) },
  'Query.erasures': { attempts: () => [{ first: 100, after: encodePage(aPage) }] },
  'Query.legalHolds': { attempts: () => [{ first: 100, onlyInForce: true, after: encodePage(aPage) }] },
  'Query.retentionRules': {},
  'Query.retentionPause': {},
  'Query.retentionRuns': { attempts: () => [{ first: 100, after: encodePage(aPage) }] },
  'Query.accessRequest': { variables: ({ accessRequest: { id } }) => ({ id }) },
  'Query.accessRequests': { attempts: () => [{ first: 100, onlyOpen: true, after: encodePage(aPage) }] },
  'Query.consentText': { variables: ({ consentText }) => ({ hash: consentText }) },
  'Query.consentTexts': {
    variables: ({ consentPurpose }) => ({ purpose: consentPurpose }),
    attempts: ({ consentPurpose }) => [{ purpose: consentPurpose, locale: 'de' }],
  },
  'Query.optOutTexts': {},
  'Query.consentRequestWording': {
    variables: ({ consentPurpose }) => ({ purpose: consentPurpose, locale: 'de' }),
  },
  'Query.dataController': {},
  'Query.contact': { variables: ({ conversations }) => ({ id: conversations.ofTeamAssigned.contactId }) },
  'Query.contacts': {
    attempts: ({ conversations }) => [
      { after: encodePage(aPage) },
      { after: encodePage({ ...aPage, id: conversations.ofTeamAssigned.contactId }), first: 100 },
      { after: conversations.ofTeamAssigned.contactId },
      { search: 'contact' },
      { search: conversations.ofTeamAssigned.phone, first: 100 },
      { filter: { window: { isOpen: true } } },
      { filter: { not: { lastInbound: { never: true } } } },
    ],
    unchecked: CONTACT_FILTER_IDS,
  },
  'Query.contactCount': {
    variables: ({ contactLabelId, channels }) => ({
      filter: { labelIds: [contactLabelId] },
      reach: { purpose: 'marketing', channelId: channels[0]!.id },
    }),
    attempts: () => [{ filter: { lastOutbound: { withinDays: 1 } } }],
    unchecked: [...CONTACT_FILTER_IDS, 'reach.channelId'],
    isCount: true,
  },
  'Query.processingRecordUrl': {},
  'Query.clickToChatLinks': {
    attempts: ({ clickToChatLinks }) => [
      { first: 100, after: encodePage({ ...aPage, id: clickToChatLinks.kept }) },
      { first: 100, isArchived: true },
    ],
  },
  'Query.clickToChatLink': { variables: ({ clickToChatLinks }) => ({ id: clickToChatLinks.kept }) },
  'Query.segments': {},
  'Query.segment': { variables: ({ segmentId }) => ({ id: segmentId }) },
  'Query.segmentCount': {
    variables: ({ segmentId, channels }) => ({
      id: segmentId,
      reach: { purpose: 'marketing', channelId: channels[0]!.id },
    }),
    unchecked: ['reach.channelId'],
    isCount: true,
  },
  'Query.duplicateContacts': {
    attempts: ({ conversations }) => [
      { after: encodePage({ ...aPage, id: conversations.ofTeamAssigned.contactId }), first: 100 },
    ],
  },
  'Query.contactMergePreview': {
    variables: ({ conversations: { ofTeamAssigned, ofTeamOpen } }) => ({
      keptId: ofTeamAssigned.contactId,
      mergedId: ofTeamOpen.contactId,
    }),
    attempts: ({ conversations: { ofTeamAssigned } }) => [
      { keptId: ofTeamAssigned.contactId, mergedId: ofTeamAssigned.contactId },
    ],
  },
  'Query.contactAttributes': {},
  'Query.contactLabels': {},
  'Query.job': { variables: ({ jobId }) => ({ id: jobId }) },
  'Query.jobs': {
    attempts: ({ jobId }) => [{ after: encodePage({ ...aPage, id: jobId }), first: 100 }],
  },
  'Query.newsletter': { variables: ({ newsletters }) => ({ id: newsletters.RUNNING }) },
  'Query.newsletters': {
    attempts: ({ newsletters }) => [{ after: encodePage({ ...aPage, id: newsletters.RUNNING }), first: 100 }],
  },
  'Query.newsletterRecipients': {
    variables: ({ newsletters }) => ({ newsletterId: newsletters.RUNNING }),
    attempts: ({ newsletters }) => [
      { newsletterId: newsletters.RUNNING, after: encodePage({ ...aPage, id: newsletters.DRAFT }), first: 100 },
    ],
  },
  'Query.newsletterPreview': {
    variables: ({ channels, segmentId }) => ({ channelId: channels[0]!.id, segmentId }),
  },
  'Query.contactImportColumns': { variables: ({ uploadId }) => ({ uploadId }) },
  'Query.checkSend': {
    variables: ({ conversations }) => ({ input: { conversationId: conversations.ofTeamAssigned.id, text: 'x' } }),
    attempts: ({ conversations }) => [
      { input: { conversationId: conversations.ofTeamAssigned.id, text: '', expectedLastSeq: 1 } },
    ],
  },
  'Query.replyOptions': { variables: ({ conversations }) => ({ conversationId: conversations.ofTeamAssigned.id }) },
  'Query.conversation': { variables: ({ conversations }) => ({ id: conversations.ofTeamAssigned.id }) },
  'Query.conversationTranscript': {
    variables: ({ conversations }) => ({ conversationId: conversations.ofTeamAssigned.id, format: 'TEXT' }),
    attempts: ({ conversations: { ofTeamOpen, ofTeamAssigned } }) => [
      { conversationId: ofTeamOpen.id, format: 'JSON', withNotes: true },
      {
        conversationId: ofTeamOpen.id,
        format: 'TEXT',
        withNotes: true,
        after: Buffer.from(`1 MESSAGE ${ofTeamAssigned.inboundId}`).toString('base64url'),
      },
    ],
  },
  'Query.conversations': {
    attempts: ({ conversations }) => [
      { after: encodePage(aPage) },
      { after: encodePage({ ...aPage, id: conversations.ofTeamAssigned.id }), first: 100 },
      { after: conversations.ofTeamAssigned.id },
      { filter: { assignee: { nobody: true }, team: { none: true } } },
      { filter: { isUnread: true, windowClosesWithinMinutes: 1_440 } },
    ],
    unchecked: FILTER_IDS,
  },
  'Query.webhookEvents': {
    variables: () => ({ first: 100 }),
    attempts: ({ webhookEventId }) => [
      { after: webhookEventId, first: 100 },
      { filter: { field: 'messages' } },
      { filter: { outcome: 'KEPT' } },
    ],
  },
  'Query.deadLetters': { attempts: ({ deadLetterId }) => [{ after: deadLetterId }, { after: oldId(), first: 100 }] },
  'Query.labels': {},
  'Query.optOutWords': {},
  'Query.heldMessages': {
    attempts: ({ conversations: { ofTeamAssigned } }) => [
      { state: 'DECLINED', first: 100 },
      { conversationId: ofTeamAssigned.id },
      { after: encodePage({ ...aPage, id: ofTeamAssigned.heldIds[0] }), first: 100 },
    ],
  },
  'Query.macro': { variables: ({ macroId }) => ({ id: macroId }) },
  'Query.macros': {
    attempts: ({ macroId }) => [{ after: encodePage({ ...aPage, id: macroId }), first: 100 }, { after: macroId }],
  },
  'Query.me': {},
  'Query.members': {},
  'Query.myMentions': { attempts: () => [{ after: encodePage(aPage), first: 100 }, { unreadOnly: true }] },
  'Query.myPermissions': {},
  'Query.oidcIssuer': {},
  'Query.renderCannedResponse': {
    variables: ({ cannedResponseId, conversations }) => ({
      id: cannedResponseId,
      conversationId: conversations.ofTeamAssigned.id,
    }),
  },
  'Query.roles': {},
  'Query.search': {
    variables: () => ({ text: 'Rechnung', first: 50 }),
    attempts: ({ conversations: { ofTeamAssigned } }) => [
      { text: 'rechnung', first: 50, after: encodePage({ ...aPage, id: ofTeamAssigned.noteId }) },
      { text: 'rechnung', first: 50, filter: { kinds: ['CONTACT'] } },
      { text: 'rechnung', filter: { conversationId: ofTeamAssigned.id, channelIds: [ofTeamAssigned.channelId] } },
    ],
  },
  'Query.sessions': {},
  'Query.team': { variables: ({ teams }) => ({ id: teams.team.id }) },
  'Query.teams': {},
  'Query.unreadMentions': {},
  'Query.workspace': {},
  'Query.view': { variables: ({ views }) => ({ id: views.shared.id }) },
  'Query.views': {},
};

export const SUBSCRIPTIONS: Readonly<Record<string, QueryCase>> = {
  'Subscription.segmentCount': {
    variables: ({ segmentId }) => ({ id: segmentId }),
    unchecked: ['reach.channelId'],
  },
  'Subscription.alertEvents': { attempts: () => [{ after: encodeCursor(0) }] },
  'Subscription.contactEvents': { attempts: () => [{ after: encodeCursor(0) }] },
  'Subscription.presenceEvents': {
    variables: ({ conversations }) => ({ conversationId: conversations.ofTeamAssigned.id }),
  },
  'Subscription.inboxEvents': {
    variables: () => ({ after: encodeCursor(0) }),
    attempts: ({ conversations }) => [
      {},
      { after: encodeCursor(0), conversationId: conversations.ofTeamAssigned.id },
      { after: encodeCursor(1_000_000) },
    ],
  },
  'Subscription.viewEvents': {
    variables: ({ views }) => ({ viewId: views.shared.id, after: encodeCursor(0) }),
    unchecked: FILTER_IDS,
    attempts: ({ views }) => [{ filter: {} }, { filter: {}, after: encodeCursor(0) }, { viewId: views.own.id }],
  },
};

const NEW_PASSWORD = 'another horse 2';

/** In the order in which they are shown to work: what is needed by one must not be gone by another. */
export const MUTATIONS: Readonly<Record<string, MutationCase>> = {
  'Mutation.updateWorkspace': { needs: 'workspace:manage', variables: () => ({ name: canary('workspace') }) },
  'Mutation.updateProfile': { needs: 'own', variables: () => ({ name: canary('name') }) },
  'Mutation.createTeam': {
    needs: 'team:manage',
    variables: ({ members, channels }) => ({
      name: canary('team'),
      memberIds: [members.agentOfTeam.id],
      channelIds: [channels[0]!.id],
      idempotencyKey: key(),
    }),
  },
  'Mutation.renameTeam': {
    needs: 'team:manage',
    variables: ({ teams }) => ({ id: teams.emptyTeam.id, name: canary('team') }),
  },
  'Mutation.setTeamMembers': {
    needs: 'team:manage',
    variables: ({ teams, members }) => ({ id: teams.emptyTeam.id, memberIds: [members.colleague.id] }),
  },
  'Mutation.setTeamChannels': {
    needs: 'team:manage',
    variables: ({ teams, channels }) => ({ id: teams.emptyTeam.id, channelIds: [channels[2]!.id] }),
  },
  'Mutation.deleteTeam': { needs: 'team:manage', variables: ({ teams }) => ({ id: teams.emptyTeam.id }) },
  'Mutation.createRole': {
    needs: 'role:manage',
    variables: () => ({ name: canary('role'), permissions: ['TEAM_READ'], idempotencyKey: key() }),
  },
  'Mutation.inviteMember': {
    needs: 'member:manage',
    variables: ({ roles }) => ({
      email: `${canary('new').replace(' ', '-')}@example.test`,
      name: canary('new'),
      role: roles.nothing.id,
      idempotencyKey: key(),
    }),
  },
  'Mutation.changeMemberRole': {
    needs: 'member:manage',
    variables: ({ members, roles }) => ({ memberId: members.colleague.id, role: roles.nothing.id }),
  },
  'Mutation.updateRole': {
    needs: 'role:manage',
    variables: ({ roles }) => ({ id: roles.unused.id, name: canary('role'), permissions: [] }),
  },
  'Mutation.deleteRole': { needs: 'role:manage', variables: ({ roles }) => ({ id: roles.unused.id }) },
  'Mutation.createApiKey': {
    needs: 'api_key:manage',
    variables: () => ({
      input: {
        name: canary('key'),
        permissions: ['TEAM_READ'],
        actions: [{ action: 'MESSAGE_SEND' }],
        expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
        idempotencyKey: key(),
      },
    }),
  },
  'Mutation.revokeApiKey': { needs: 'api_key:manage', variables: ({ keys }) => ({ id: keys.unused.id }) },
  'Mutation.setOidcIssuer': {
    needs: 'workspace:manage',
    variables: ({ issuer }) => ({ input: { issuer: issuer.url, audience: issuer.audience } }),
  },
  'Mutation.signInWithOidc': {
    needs: 'secret',
    variables: ({ issuer }) => ({ idToken: issuer.idToken }),
    refused: ({ issuer }) => ({ idToken: `${issuer.idToken}x` }),
  },
  'Mutation.removeOidcIssuer': { needs: 'workspace:manage', variables: () => ({}) },
  'Mutation.snoozeConversation': {
    needs: 'conversation:update',
    variables: ({ conversations }) => ({
      input: { conversationId: conversations.ofTeamAssigned.id, untilNextMessage: true, reason: canary('reason') },
    }),
  },
  'Mutation.setPending': {
    needs: 'conversation:update',
    variables: ({ conversations }) => ({ input: { conversationId: conversations.ofTeamAssigned.id } }),
  },
  'Mutation.resolveConversation': {
    needs: 'conversation:update',
    variables: ({ conversations }) => ({ input: { conversationId: conversations.ofTeamAssigned.id } }),
  },
  'Mutation.reopenConversation': {
    needs: 'conversation:update',
    variables: ({ conversations }) => ({ input: { conversationId: conversations.ofTeamAssigned.id } }),
  },
  'Mutation.bulkUpdateConversations': {
    needs: 'conversation:update',
    variables: ({ conversations, labels }) => ({
      input: {
        conversationIds: [conversations.ofTeamAssigned.id],
        action: { label: { set: [labels.label.id] } },
        idempotencyKey: key(),
      },
    }),
  },
  'Mutation.createLabel': {
    needs: 'conversation:manage',
    variables: () => ({ input: { name: canary('label'), colour: '#c0ffee', idempotencyKey: key() } }),
  },
  'Mutation.updateLabel': {
    needs: 'conversation:manage',
    variables: ({ labels }) => ({ input: { id: labels.label.id, name: canary('label') } }),
  },
  'Mutation.labelConversation': {
    needs: 'conversation:update',
    variables: ({ conversations, labels }) => ({
      input: { conversationId: conversations.ofTeamAssigned.id, set: [labels.label.id] },
    }),
  },
  'Mutation.deleteLabel': {
    needs: 'conversation:manage',
    variables: ({ labels }) => ({ id: labels.unusedLabel.id }),
  },
  'Mutation.addParticipants': {
    needs: 'conversation:update',
    variables: ({ conversations, members }) => ({
      input: { conversationId: conversations.ofTeamAssigned.id, memberIds: [members.colleague.id] },
    }),
  },
  'Mutation.removeParticipants': {
    needs: 'conversation:update',
    variables: ({ conversations, members }) => ({
      input: { conversationId: conversations.ofTeamAssigned.id, memberIds: [members.colleague.id] },
    }),
    unchecked: ['input.memberIds'],
  },
  'Mutation.followConversation': {
    needs: 'conversation:update',
    variables: ({ conversations }) => ({ conversationId: conversations.ofTeamAssigned.id }),
  },
  'Mutation.unfollowConversation': {
    needs: 'conversation:update',
    variables: ({ conversations }) => ({ conversationId: conversations.ofTeamAssigned.id }),
  },
  ...Object.fromEntries(
    ['refreshChannel', 'disableChannel', 'reactivateChannel'].map((name) => [
      `Mutation.${name}`,
      { needs: 'channel:manage' as const, variables: ({ channels }: Place) => ({ channelId: channels[0]!.id }) },
    ]),
  ),
  'Mutation.connectWhatsAppCloudChannel': {
    needs: 'channel:manage',
    variables: () => ({
      input: {
        ...newNumber(),
        appId: digits(15),
        credentials: { accessToken: 'token', appSecret: 'secret', verifyToken: 'token' },
      },
    }),
  },
  'Mutation.connectDialog360Channel': {
    needs: 'channel:manage',
    variables: () => ({ input: { ...newNumber(), credentials: { apiKey: 'key', platformSecret: 'secret' } } }),
  },
  'Mutation.connectTwilioSmsChannel': {
    needs: 'channel:manage',
    variables: () => ({
      input: {
        name: canary('channel'),
        phoneNumber: `+4930${digits(8)}`,
        accountSid: `AC${'a'.repeat(32)}`,
        credentials: { authToken: 'token' },
        idempotencyKey: key(),
      },
    }),
  },
  'Mutation.connectThreemaChannel': {
    needs: 'channel:manage',
    variables: () => ({
      input: {
        name: canary('channel'),
        gatewayId: `*${digits(7)}`,
        credentials: { apiSecret: 'secret', privateKey: STUB_PRIVATE_KEY },
        idempotencyKey: key(),
      },
    }),
  },
  'Mutation.updateChannelCredentials': {
    needs: 'channel:manage',
    variables: ({ channels }) => ({
      input: {
        channelId: channels[0]!.id,
        whatsAppCloud: { accessToken: 'token', appSecret: 'secret', verifyToken: 'token' },
      },
    }),
  },
  'Mutation.acceptThreemaKey': {
    needs: 'channel:manage',
    variables: ({ threemaChannelId }) => ({
      input: { channelId: threemaChannelId, threemaId: 'ECHOECHO', publicKey: STUB_PUBLIC_KEY },
    }),
  },
  'Mutation.replayWebhookEvent': {
    needs: 'channel:manage',
    variables: ({ webhookEventId }) => ({ id: webhookEventId }),
  },
  'Mutation.setSendRate': {
    needs: 'channel:manage',
    variables: ({ channels }) => ({ input: { channelId: channels[0]!.id, messagesPerSecond: 20 } }),
  },
  'Mutation.createTemplate': {
    needs: 'template:manage',
    variables: ({ channels }) => ({
      input: {
        channelId: channels[0]!.id,
        name: canary('t').replace(' ', '_'),
        language: 'de',
        category: 'UTILITY',
        body: { text: canary('body') },
      },
    }),
  },
  'Mutation.editTemplate': {
    needs: 'template:manage',
    variables: ({ templates }) => ({ input: { templateId: templates.template.id, body: { text: canary('body') } } }),
  },
  'Mutation.deleteTemplate': {
    needs: 'template:manage',
    variables: ({ templates }) => ({ id: templates.unusedTemplate.id }),
  },
  'Mutation.syncTemplates': {
    needs: 'template:manage',
    variables: ({ channels }) => ({ channelId: channels[0]!.id }),
  },
  'Mutation.updateBusinessProfile': {
    needs: 'channel:manage',
    variables: ({ channels }) => ({ input: { channelId: channels[0]!.id, about: canary('about') } }),
    refused: ({ channels, conversations: { ofTeamAssigned } }) => ({
      input: { channelId: channels[0]!.id, about: canary('about'), pictureMediaId: ofTeamAssigned.mediaId },
    }),
  },
  'Mutation.setOptOutText': {
    needs: 'conversation:manage',
    variables: () => ({ input: { locale: 'de', text: canary('text') } }),
  },
  'Mutation.setOptOutWord': {
    needs: 'conversation:manage',
    variables: () => ({ input: { word: canary('word'), isActive: true } }),
  },
  'Mutation.decideOptOut': {
    needs: 'conversation:update',
    variables: ({ conversations: { ofTeamAssigned } }) => ({
      input: { messageId: ofTeamAssigned.inboundId, decision: 'NO_OPT_OUT' },
    }),
  },
  'Mutation.createConsentPurpose': {
    needs: 'consent:manage',
    variables: () => ({
      input: { key: canary('purpose').replace(' ', '_'), kind: 'UTILITY', name: canary('purpose') },
    }),
  },
  'Mutation.updateConsentPurpose': {
    needs: 'consent:manage',
    variables: ({ consentPurpose }) => ({ input: { key: consentPurpose, isArchived: true } }),
  },
  'Mutation.importPriceBook': {
    needs: 'cost:manage',
    variables: () => ({
      input: {
        csv: 'model,market,category,currency,rate,volume_from,volume_to,effective_from,effective_to,confidence,source\nPMP,Germany,service,EUR,0.05,,,2026-10-01,,official,x',
        note: canary('note'),
        idempotencyKey: key(),
      },
    }),
  },
  'Mutation.activatePriceBook': { needs: 'cost:manage', variables: ({ priceBooks }) => ({ id: priceBooks.draft }) },
  'Mutation.discardPriceBook': { needs: 'cost:manage', variables: ({ priceBooks }) => ({ id: priceBooks.other }) },
  'Mutation.startCostExport': {
    needs: 'cost:read',
    variables: () => ({
      input: { period: { from: '2026-11-01', to: '2026-11-30' }, format: 'CSV', idempotencyKey: key() },
    }),
  },
  'Mutation.startCostStatement': {
    needs: 'cost:read',
    variables: () => ({ input: { month: '2026-11', language: 'DE', idempotencyKey: key() } }),
  },
  'Mutation.cancelCostExport': { needs: 'cost:read', variables: ({ costExportId }) => ({ id: costExportId }) },
  'Mutation.requestPricingAnalytics': {
    needs: 'cost:manage',
    variables: () => ({ month: '2026-10', granularity: 'MONTHLY' }),
  },
  'Mutation.importInvoice': {
    needs: 'cost:manage',
    variables: () => ({
      input: {
        month: '2026-09',
        currency: 'EUR',
        csv: 'market,category,tier,messages,amount\nGermany,service,,1,0.05',
        note: canary('note'),
        idempotencyKey: key(),
      },
    }),
  },
  'Mutation.recordTokenUsage': {
    needs: 'cost:manage',
    variables: () => ({
      input: { month: '2026-10', tokens: 7, source: 'INVOICE', note: canary('note'), idempotencyKey: key() },
    }),
  },
  'Mutation.proposeReconciliation': {
    needs: 'cost:manage',
    variables: () => ({
      input: { month: '2026-10', currency: 'EUR', against: 'ANALYTICS', note: canary('note'), idempotencyKey: key() },
    }),
    // They name lines of one's own report.
    unchecked: ['input.lineIds'],
  },
  'Mutation.acceptReconciliation': {
    needs: 'cost:manage',
    variables: ({ reconciliations }) => ({ id: reconciliations.draft }),
  },
  'Mutation.discardReconciliation': {
    needs: 'cost:manage',
    variables: ({ reconciliations }) => ({ id: reconciliations.other }),
  },
  'Mutation.createBudget': {
    needs: 'cost:manage',
    variables: () => ({
      input: { name: canary('budget'), currency: 'EUR', limitMicros: 1_000_000, idempotencyKey: key() },
    }),
    // Identity knows teams, contacts newsletters; a budget of one that is not there counts nothing.
    unchecked: ['input.teamId', 'input.newsletterId'],
  },
  'Mutation.updateBudget': {
    needs: 'cost:manage',
    variables: ({ budgets }) => ({ input: { id: budgets.kept, name: canary('budget') } }),
  },
  'Mutation.acknowledgeAlert': { needs: 'cost:manage', variables: ({ alertId }) => ({ id: alertId }) },
  'Mutation.createAlertWebhook': {
    needs: 'cost:manage',
    variables: () => ({
      input: { url: 'https://alerts.example.test', alerts: ['BUDGET_WARNING'], idempotencyKey: key() },
    }),
  },
  'Mutation.createAlertEmail': {
    needs: 'cost:manage',
    variables: () => ({
      input: { address: 'finance@alerts.example.test', alerts: ['BUDGET_WARNING'], idempotencyKey: key() },
    }),
  },
  'Mutation.removeAlertDestination': {
    needs: 'cost:manage',
    variables: ({ alertDestinationId }) => ({ id: alertDestinationId }),
  },
  'Mutation.archiveBudget': { needs: 'cost:manage', variables: ({ budgets }) => ({ id: budgets.archived }) },
  'Mutation.closePeriod': { needs: 'cost:manage', variables: () => ({ month: '2026-09' }) },
  'Mutation.publishConsentText': {
    needs: 'consent:manage',
    variables: () => ({
      input: {
        purpose: 'marketing',
        locale: 'de',
        body: canary('consent text'),
        privacyNoticeUrl: 'https://notice.example.test',
        privacyNoticeVersion: '1',
      },
    }),
  },
  'Mutation.setDataController': {
    needs: 'consent:manage',
    variables: () => ({
      input: {
        name: canary('controller'),
        address: canary('address'),
        email: 'privacy@controller.example.test',
        jurisdiction: 'DE',
      },
    }),
  },
  'Mutation.issueConsentReceipt': {
    needs: 'consent:read',
    variables: ({ conversations: { ofTeamAssigned }, consentPurpose }) => ({
      input: {
        contactId: ofTeamAssigned.contactId,
        channelId: ofTeamAssigned.channelId,
        purpose: consentPurpose,
      },
    }),
  },
  'Mutation.createContact': {
    needs: 'contact:update',
    variables: ({ channels, contactAttribute, contactLabelId }) => ({
      input: {
        name: canary('contact'),
        phone: { number: '+4915112345678', channelId: channels[0]!.id },
        attributes: [{ key: contactAttribute, value: canary('value') }],
        labelIds: [contactLabelId],
        idempotencyKey: key(),
      },
    }),
    unchecked: ['input.phone.channelId'],
  },
  'Mutation.updateContact': {
    needs: 'contact:update',
    variables: ({ conversations }) => ({
      input: { id: conversations.ofTeamAssigned.contactId, name: canary('contact') },
    }),
  },
  'Mutation.labelContact': {
    needs: 'contact:update',
    variables: ({ conversations, contactLabelId }) => ({
      input: { contactId: conversations.ofTeamAssigned.contactId, set: [contactLabelId], unset: [] },
    }),
  },
  'Mutation.mergeContacts': {
    needs: 'contact:manage',
    variables: ({ twins: { keptId, mergedId, version } }) => ({
      input: { keptId, mergedId, version, decisions: [{ field: 'name', choice: 'KEPT' }], idempotencyKey: key() },
    }),
  },
  'Mutation.dismissDuplicate': {
    needs: 'contact:manage',
    variables: ({ conversations: { ofTeamAssigned, ofTeamOpen } }) => ({
      contactId: ofTeamAssigned.contactId,
      otherId: ofTeamOpen.contactId,
    }),
  },
  'Mutation.undoContactMerge': { needs: 'contact:manage', variables: ({ twins: { mergeId } }) => ({ id: mergeId }) },
  'Mutation.addContactNote': {
    needs: 'contact:update',
    variables: ({ conversations }) => ({
      input: { contactId: conversations.ofTeamAssigned.contactId, text: canary('note'), idempotencyKey: key() },
    }),
  },
  'Mutation.editContactNote': {
    needs: 'contact:update',
    variables: ({ contactNoteId }) => ({ input: { id: contactNoteId, text: canary('note') } }),
  },
  'Mutation.deleteContactNote': {
    needs: 'contact:update',
    variables: ({ contactNoteId }) => ({ id: contactNoteId }),
  },
  'Mutation.createContactFileUpload': {
    needs: 'contact:update',
    variables: () => ({
      input: { fileName: canary('file'), mimeType: 'text/plain', sizeBytes: 10, idempotencyKey: key() },
    }),
  },
  'Mutation.addContactFile': {
    needs: 'contact:update',
    // The same again is the same file.
    variables: ({ conversations, contactUploadId }) => ({
      input: {
        contactId: conversations.ofTeamAssigned.contactId,
        uploadId: contactUploadId,
        purpose: 'Contract',
        retentionClass: 'CONTRACT',
      },
    }),
  },
  'Mutation.removeContactFile': {
    needs: 'contact:update',
    variables: ({ contactFileId }) => ({ id: contactFileId }),
  },
  'Mutation.createContactImportUpload': {
    needs: 'contact:manage',
    variables: () => ({ input: { fileName: canary('file'), idempotencyKey: key() } }),
  },
  'Mutation.startContactImport': {
    needs: 'contact:manage',
    variables: ({ uploadId, channels, contactLabelId }) => ({
      input: {
        uploadId,
        isDryRun: true,
        columns: [{ column: 'Telefon', field: 'PHONE' }],
        channelId: channels[0]!.id,
        duplicates: 'LEAVE',
        labelIds: [contactLabelId],
        idempotencyKey: key(),
      },
    }),
    unchecked: ['input.channelId'],
  },
  'Mutation.startContactExport': {
    needs: 'contact:manage',
    variables: ({ contactLabelId }) => ({
      input: { format: 'CSV', labelIds: [contactLabelId], idempotencyKey: key() },
    }),
  },
  'Mutation.createNewsletter': {
    needs: 'contact:manage',
    variables: ({ channels, segmentId, templates }) => ({
      input: {
        name: canary('newsletter'),
        channelId: channels[0]!.id,
        segmentId,
        template: { templateId: templates.template.id },
        idempotencyKey: key(),
      },
    }),
    unchecked: NEWSLETTER_IDS,
  },
  'Mutation.scheduleNewsletter': {
    needs: 'contact:manage',
    variables: ({ newsletters }) => ({ input: { newsletterId: newsletters.DRAFT } }),
  },
  'Mutation.updateNewsletter': {
    needs: 'contact:manage',
    variables: ({ newsletters, segmentId }) => ({
      input: { newsletterId: newsletters.SCHEDULED, segmentId, name: canary('newsletter') },
    }),
    unchecked: NEWSLETTER_IDS,
  },
  'Mutation.deleteNewsletter': {
    needs: 'contact:manage',
    variables: ({ newsletters }) => ({ id: newsletters.DISCARDED }),
  },
  'Mutation.pauseNewsletter': {
    needs: 'contact:manage',
    variables: ({ newsletters }) => ({ id: newsletters.RUNNING }),
  },
  'Mutation.resumeNewsletter': {
    needs: 'contact:manage',
    variables: ({ newsletters }) => ({ id: newsletters.PAUSED }),
  },
  'Mutation.approveNewsletter': {
    needs: 'message:approve',
    variables: ({ newsletters }) => ({ id: newsletters.HELD }),
  },
  'Mutation.cancelNewsletter': {
    needs: 'contact:manage',
    variables: ({ newsletters }) => ({ id: newsletters.SCHEDULED }),
  },
  'Mutation.cancelJob': { needs: 'contact:manage', variables: ({ jobId }) => ({ id: jobId }) },
  'Mutation.createClickToChatLink': {
    needs: 'contact:manage',
    variables: ({ channels }) => ({
      input: {
        channelId: channels[0]!.id,
        name: canary('link'),
        campaign: canary('campaign'),
        locale: 'de',
        text: canary('link text'),
        idempotencyKey: key(),
      },
    }),
  },
  'Mutation.updateClickToChatLink': {
    needs: 'contact:manage',
    variables: ({ clickToChatLinks }) => ({ input: { id: clickToChatLinks.kept, name: canary('link') } }),
  },
  'Mutation.archiveClickToChatLink': {
    needs: 'contact:manage',
    variables: ({ clickToChatLinks }) => ({ id: clickToChatLinks.archived }),
  },
  'Mutation.createSegment': {
    needs: 'contact:manage',
    // Of no label: one that a segment asks for cannot be deleted.
    variables: () => ({ input: { name: canary('segment'), filter: { languages: ['de'] }, idempotencyKey: key() } }),
    refused: ({ contactLabelId }) => ({
      input: { name: canary('segment'), filter: { labelIds: [contactLabelId] }, idempotencyKey: key() },
    }),
    unchecked: CONTACT_FILTER_IDS.map((name) => `input.${name}`),
  },
  'Mutation.updateSegment': {
    needs: 'contact:manage',
    variables: ({ segmentId }) => ({ input: { id: segmentId, name: canary('segment') } }),
    unchecked: CONTACT_FILTER_IDS.map((name) => `input.${name}`),
  },
  'Mutation.deleteSegment': { needs: 'contact:manage', variables: ({ segmentId }) => ({ id: segmentId }) },
  'Mutation.createContactLabel': {
    needs: 'contact:manage',
    variables: () => ({ input: { name: canary('label'), colour: '#123456', idempotencyKey: key() } }),
  },
  'Mutation.updateContactLabel': {
    needs: 'contact:manage',
    variables: ({ contactLabelId }) => ({ input: { id: contactLabelId, name: canary('label') } }),
  },
  'Mutation.deleteContactLabel': {
    needs: 'contact:manage',
    variables: ({ contactLabelId }) => ({ id: contactLabelId }),
  },
  'Mutation.createContactAttribute': {
    needs: 'contact:manage',
    variables: () => ({
      input: {
        key: canary('key').replace(' ', '_'),
        name: canary('attribute'),
        type: 'TEXT',
        purpose: canary('purpose'),
        retentionClass: 'PREFERENCE',
      },
    }),
  },
  'Mutation.updateContactAttribute': {
    needs: 'contact:manage',
    variables: ({ contactAttribute }) => ({ input: { key: contactAttribute, name: canary('attribute') } }),
  },
  'Mutation.requestConsent': {
    needs: 'message:send',
    variables: ({ conversations: { ofTeamAssigned } }) => ({
      input: {
        conversationId: ofTeamAssigned.id,
        purpose: 'marketing',
        signUp: { source: 'FORM', signedUpAt: '2026-01-01T00:00:00Z', formRequestId: canary('form') },
        idempotencyKey: key(),
      },
    }),
  },
  'Mutation.planErasure': {
    needs: 'erasure:manage',
    variables: ({ conversations: { ofTeamAssigned } }) => ({
      input: { subject: { contactId: ofTeamAssigned.contactId }, idempotencyKey: key() },
    }),
  },
  'Mutation.confirmErasure': {
    needs: 'erasure:manage',
    variables: ({ erasure: { id, reference } }) => ({ input: { id, reference } }),
  },
  'Mutation.setLegalHold': {
    needs: 'retention:manage',
    variables: ({ conversations: { ofTeamAssigned } }) => ({
      input: {
        contactId: ofTeamAssigned.contactId,
        reason: canary('reason'),
        reviewOn: new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10),
        idempotencyKey: key(),
      },
    }),
  },
  'Mutation.releaseLegalHold': {
    needs: 'retention:manage',
    variables: ({ legalHoldId }) => ({ input: { id: legalHoldId, reason: canary('reason') } }),
  },
  'Mutation.setRetentionRule': {
    needs: 'retention:manage',
    variables: () => ({ input: { dataClass: 'NOTES', months: 36 } }),
  },
  'Mutation.pauseRetention': {
    needs: 'retention:manage',
    variables: () => ({ reason: canary('reason') }),
  },
  'Mutation.resumeRetention': {
    needs: 'retention:manage',
    variables: () => ({ reason: canary('reason') }),
  },
  'Mutation.startRetentionRun': {
    needs: 'retention:manage',
    variables: () => ({ input: { isDryRun: true, idempotencyKey: key() } }),
  },
  'Mutation.openAccessRequest': {
    needs: 'access_request:manage',
    variables: ({ conversations: { ofTeamAssigned } }) => ({
      input: { subject: { contactId: ofTeamAssigned.contactId }, language: 'DE', idempotencyKey: key() },
    }),
  },
  'Mutation.confirmAccessIdentity': {
    needs: 'access_request:manage',
    variables: ({ accessRequest: { id } }) => ({ input: { id, reason: canary('reason') } }),
  },
  'Mutation.extendAccessRequest': {
    needs: 'access_request:manage',
    variables: ({ accessRequest: { id } }) => ({ input: { id, reason: canary('reason') } }),
  },
  'Mutation.refuseAccessRequest': {
    needs: 'access_request:manage',
    variables: ({ accessRequest: { id } }) => ({ input: { id, reason: canary('reason') } }),
  },
  'Mutation.answerAccessRequest': {
    needs: 'access_request:manage',
    variables: ({ accessRequest: { readyId } }) => ({ id: readyId }),
  },
  'Mutation.renewAccessArchive': {
    needs: 'access_request:manage',
    variables: ({ accessRequest: { readyId } }) => ({ id: readyId }),
  },
  'Mutation.recordConsent': {
    needs: 'consent:record',
    variables: ({ conversations: { ofTeamAssigned } }) => ({
      input: {
        subject: { contactId: ofTeamAssigned.contactId },
        channelId: ofTeamAssigned.channelId,
        purpose: 'marketing',
        kind: 'WITHDRAWN',
        source: 'AGENT',
        evidence: { note: canary('note') },
        idempotencyKey: key(),
      },
    }),
  },
  'Mutation.updateChannelSettings': {
    needs: 'conversation:manage',
    variables: ({ channels }) => ({ input: { channelId: channels[0]!.id, reopenWithinHours: 48 } }),
  },
  'Mutation.setBusinessHours': {
    needs: 'conversation:manage',
    variables: ({ channels }) => ({
      input: { channelId: channels[0]!.id, timeZone: 'Asia/Kathmandu', weekly: [], exceptions: [] },
    }),
  },
  'Mutation.removeBusinessHours': {
    needs: 'conversation:manage',
    variables: ({ channels }) => ({ channelId: channels[0]!.id }),
  },
  'Mutation.setAvailability': {
    needs: 'conversation:update',
    by: 'agentOfTeam',
    variables: () => ({ choice: 'BUSY' }),
  },
  'Mutation.heartbeat': { needs: 'conversation:update', by: 'agentOfTeam', variables: () => ({}) },
  'Mutation.setTeamRouting': {
    needs: 'conversation:manage',
    variables: ({ teams }) => ({ teamId: teams.team.id, mode: 'ROUND_ROBIN', returningMinutes: 30 }),
  },
  'Mutation.setMemberCapacity': {
    needs: 'conversation:manage',
    variables: ({ members }) => ({ memberId: members.colleague.id, capacity: 3 }),
  },
  'Mutation.assignTeam': {
    needs: 'conversation:update',
    variables: ({ conversations, teams }) => ({ conversationId: conversations.ofTeamOpen.id, teamId: teams.team.id }),
  },
  'Mutation.assignConversation': {
    needs: 'conversation:update',
    variables: ({ conversations, members }) => ({
      conversationId: conversations.ofTeamOpen.id,
      memberId: members.agentOfTeam.id,
    }),
  },
  'Mutation.takeConversation': {
    needs: 'conversation:update',
    by: 'agentOfTeam',
    variables: ({ conversations }) => ({ conversationId: conversations.ofTeamOpen.id }),
    unchecked: ['from'],
  },
  'Mutation.sendMessage': {
    needs: 'message:send',
    variables: ({ conversations }) => ({
      input: { conversationId: conversations.ofTeamAssigned.id, text: canary('reply'), idempotencyKey: key() },
    }),
  },
  'Mutation.approveHeldMessage': {
    needs: 'message:approve',
    variables: ({ conversations }) => ({ input: { id: conversations.ofTeamAssigned.heldIds[0] } }),
  },
  'Mutation.declineHeldMessage': {
    needs: 'message:approve',
    variables: ({ conversations }) => ({
      input: { id: conversations.ofTeamAssigned.heldIds[1], reason: canary('reason') },
    }),
  },
  'Mutation.withdrawHeldMessage': {
    needs: 'message:send',
    variables: ({ conversations }) => ({ id: conversations.ofTeamAssigned.heldIds[2] }),
  },
  'Mutation.startConversation': {
    needs: 'message:send',
    variables: ({ conversations: { ofTeamAssigned } }) => ({
      input: {
        channelId: ofTeamAssigned.channelId,
        contactId: ofTeamAssigned.contactId,
        content: { text: { body: canary('first') } },
        idempotencyKey: key(),
      },
    }),
  },
  'Mutation.createMediaUpload': {
    needs: 'message:send',
    variables: ({ channels }) => ({
      input: {
        channelId: channels[0]!.id,
        mimeType: 'application/pdf',
        sizeBytes: 1_000,
        fileName: canary('file'),
        idempotencyKey: key(),
      },
    }),
  },
  'Mutation.createMacro': {
    needs: 'conversation:read',
    variables: ({ teams }) => ({
      input: {
        sharing: 'TEAM',
        teamId: teams.team.id,
        name: canary('macro'),
        steps: [{ kind: 'NOTE', text: canary('step') }],
        idempotencyKey: key(),
      },
    }),
  },
  'Mutation.updateMacro': {
    needs: 'conversation:read',
    variables: ({ macroId }) => ({ input: { id: macroId, name: canary('macro') } }),
  },
  'Mutation.runMacro': {
    needs: 'conversation:update',
    variables: ({ macroId, conversations }) => ({
      input: { macroId, conversationId: conversations.ofTeamAssigned.id, idempotencyKey: key() },
    }),
  },
  'Mutation.deleteMacro': { needs: 'conversation:read', variables: ({ macroId }) => ({ id: macroId }) },
  'Mutation.createCannedResponse': {
    needs: 'conversation:read',
    variables: ({ teams }) => ({
      input: {
        sharing: 'TEAM',
        teamId: teams.team.id,
        shortcut: canary('shortcut').replace(' ', '-'),
        title: canary('title'),
        body: canary('canned'),
        idempotencyKey: key(),
      },
    }),
  },
  'Mutation.updateCannedResponse': {
    needs: 'conversation:read',
    variables: ({ cannedResponseId }) => ({ input: { id: cannedResponseId, title: canary('title') } }),
  },
  'Mutation.deleteCannedResponse': {
    needs: 'conversation:read',
    variables: ({ cannedResponseId }) => ({ id: cannedResponseId }),
  },
  'Mutation.createView': {
    needs: 'own',
    variables: () => ({ input: { name: canary('view'), filter: {}, idempotencyKey: key() } }),
    unchecked: FILTER_IDS.map((name) => `input.${name}`),
  },
  'Mutation.updateView': {
    needs: 'own',
    by: 'agentOfTeam',
    variables: ({ views }) => ({ input: { id: views.own.id, name: canary('view') } }),
    unchecked: FILTER_IDS.map((name) => `input.${name}`),
  },
  'Mutation.deleteView': { needs: 'own', by: 'agentOfTeam', variables: ({ views }) => ({ id: views.own.id }) },
  'Mutation.markRead': {
    needs: 'own',
    by: 'agentOfTeam',
    variables: ({ conversations }) => ({ input: { conversationId: conversations.ofTeamAssigned.id, upToSeq: 2 } }),
  },
  'Mutation.markUnread': {
    needs: 'own',
    by: 'agentOfTeam',
    variables: ({ conversations }) => ({ input: { conversationId: conversations.ofTeamAssigned.id } }),
  },
  'Mutation.addNote': {
    needs: 'conversation:update',
    variables: ({ conversations, members }) => ({
      input: {
        conversationId: conversations.ofTeamAssigned.id,
        text: canary('note'),
        mentionedMemberIds: [members.agentOfTeam.id],
        idempotencyKey: key(),
      },
    }),
  },
  'Mutation.editNote': {
    needs: 'conversation:update',
    by: 'agentOfTeam',
    variables: ({ conversations }) => ({ input: { id: conversations.ofTeamAssigned.noteId, text: canary('note') } }),
  },
  'Mutation.markMentionsRead': {
    needs: 'own',
    variables: ({ conversations }) => ({ noteIds: [conversations.ofTeamAssigned.noteId] }),
  },
  'Mutation.deleteNote': {
    needs: 'conversation:update',
    by: 'agentOfTeam',
    variables: ({ conversations }) => ({ id: conversations.ofTeamAssigned.noteId }),
  },
  'Mutation.claimConversation': {
    needs: 'message:send',
    variables: ({ conversations }) => ({ conversationId: conversations.ofTeamAssigned.id }),
  },
  'Mutation.renewClaim': {
    needs: 'message:send',
    variables: ({ conversations }) => ({ conversationId: conversations.ofTeamAssigned.id }),
  },
  'Mutation.releaseClaim': {
    needs: 'message:send',
    variables: ({ conversations }) => ({ conversationId: conversations.ofTeamAssigned.id }),
  },
  'Mutation.takeOverClaim': {
    needs: 'message:send',
    variables: ({ conversations }) => ({ conversationId: conversations.ofTeamAssigned.id, reason: canary('reason') }),
  },
  'Mutation.offerControl': {
    needs: 'message:send',
    variables: ({ conversations, keys }) => ({
      conversationId: conversations.ofTeamAssigned.id,
      to: { kind: 'API_KEY', id: keys.conversationCounter.id },
      summary: canary('offer'),
    }),
  },
  'Mutation.acceptControl': {
    needs: 'message:send',
    variables: ({ conversations }) => ({ conversationId: conversations.ofTeamOpen.id }),
  },
  'Mutation.releaseControl': {
    needs: 'message:send',
    variables: ({ conversations }) => ({ conversationId: conversations.ofTeamOpen.id, summary: canary('summary') }),
  },
  'Mutation.takeOverControl': {
    needs: 'message:send',
    variables: ({ conversations }) => ({ conversationId: conversations.onTeamsChannel.id, reason: canary('reason') }),
  },
  'Mutation.declineControl': {
    needs: 'message:send',
    variables: ({ conversations }) => ({ conversationId: conversations.ofTeamAssigned.id }),
  },
  'Mutation.saveDraft': {
    needs: 'conversation:update',
    variables: ({ conversations }) => ({
      conversationId: conversations.ofTeamAssigned.id,
      text: canary('draft'),
      expectedVersion: 0,
    }),
  },
  'Mutation.deleteDraft': {
    needs: 'conversation:update',
    variables: ({ conversations }) => ({ conversationId: conversations.ofTeamAssigned.id, expectedVersion: 1 }),
  },
  'Mutation.reactToMessage': {
    needs: 'message:send',
    variables: ({ conversations }) => ({ messageId: conversations.ofTeamAssigned.sentId, emoji: '👍' }),
  },
  'Mutation.settleUnconfirmedMessage': {
    needs: 'message:send',
    variables: ({ conversations }) => ({
      input: { messageId: conversations.ofTeamAssigned.unconfirmedId, decision: 'TAKE_AS_SENT' },
    }),
  },
  'Mutation.setViewing': {
    needs: 'own',
    variables: ({ conversations }) => ({ conversationId: conversations.ofTeamAssigned.id, place: 'tab' }),
  },
  'Mutation.setTyping': {
    needs: 'own',
    variables: ({ conversations }) => ({ conversationId: conversations.ofTeamAssigned.id, isTyping: true }),
  },
  'Mutation.signIn': {
    needs: 'secret',
    variables: ({ members }) => ({ email: members.agentOfTeam.email, password: 'correct horse 1' }),
    refused: ({ members }) => ({ email: members.colleague.email, password: 'wrong horse 1' }),
  },
  'Mutation.renewSession': {
    needs: 'secret',
    variables: ({ refreshToken }) => ({ refreshToken }),
    refused: ({ refreshToken }) => ({ refreshToken: `${refreshToken}x` }),
  },
  'Mutation.acceptInvitation': {
    needs: 'secret',
    variables: (place) => ({ token: place.invitationToken, password: NEW_PASSWORD }),
    refused: (place) => ({ token: place.members.invited.id, password: NEW_PASSWORD }),
  },
  'Mutation.changePassword': {
    needs: 'own',
    by: 'agentOfTeam',
    variables: () => ({ oldPassword: 'correct horse 1', newPassword: NEW_PASSWORD }),
  },
  'Mutation.endSession': {
    needs: 'own',
    by: 'finance',
    variables: ({ sessions }) => ({ id: sessions.finance }),
  },
  'Mutation.signOut': { needs: 'own', by: 'privacyOfficer', variables: () => ({}) },
  'Mutation.endAllSessions': {
    needs: 'own',
    by: 'agentWithoutTeam',
    variables: ({ members }) => ({ memberId: members.agentWithoutTeam.id }),
  },
  'Mutation.removeMember': { needs: 'member:manage', variables: ({ members }) => ({ memberId: members.colleague.id }) },
};
