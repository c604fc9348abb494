/**
 * Who may see and do what, as issue 3 says it. The matrix believes this table and nothing of the implementation.
 * What is not granted here, nobody may see.
 */

/** What a cell of the database says. */
export type Kind =
  | 'workspace'
  /** Name and role of a member: colleagues know one another. */
  | 'colleague'
  | 'address'
  | 'team'
  | 'role'
  | 'channel'
  | 'contact'
  | 'phone'
  | 'note of a person'
  /** An import or export, and what it said of rows. */
  | 'job'
  /** What is sent to many, and how far it is. */
  | 'newsletter'
  /** That a conversation and its messages exist, and where they stand; not what was written. */
  | 'conversation'
  | 'body'
  /** The file of a message. */
  | 'file'
  | 'cost'
  /** Costs of more than one conversation, and what they are computed by. */
  | 'cost report'
  | 'dead letter'
  | 'API key'
  | 'issuer'
  /** Who did what to which object: ids, never content. */
  | 'audit'
  /** What was said of a consent, when, to whom, and what proves it. */
  | 'consent proof'
  /** Who is to be forgotten, and by what the plan calls them. */
  | 'erasure'
  | 'access request'
  /** How long data are kept, whose are held and why, and what was removed. */
  | 'retention'
  /** Where a provider delivers webhooks to: an id of an app is part of it. */
  | 'webhook address';

/** A mutation's permission; the names are those that the API uses. */
export type Right =
  | 'member:manage'
  | 'team:manage'
  | 'role:manage'
  | 'workspace:manage'
  | 'message:send'
  | 'conversation:read'
  | 'conversation:update'
  | 'conversation:manage'
  | 'api_key:manage'
  | 'channel:manage'
  | 'template:manage'
  | 'consent:read'
  | 'cost:manage'
  /** Of all conversations. */
  | 'cost:read'
  | 'contact:update'
  | 'contact:manage'
  | 'consent:manage'
  | 'consent:record'
  | 'message:approve'
  | 'erasure:manage'
  | 'retention:manage'
  | 'access_request:manage';

export interface Role {
  sees: readonly Kind[];
  conversations: 'all' | 'theirs' | 'none';
  does: readonly Right[] | 'everything';
}

const EVERYTHING: Role = {
  sees: [
    'workspace',
    'colleague',
    'address',
    'team',
    'role',
    'channel',
    'contact',
    'phone',
    'note of a person',
    'job',
    'newsletter',
    'conversation',
    'body',
    'file',
    'cost',
    'cost report',
    'dead letter',
    'API key',
    'issuer',
    'audit',
    'consent proof',
    'erasure',
    'access request',
    'retention',
    'webhook address',
  ],
  conversations: 'all',
  does: 'everything',
};
const MANAGERS_ONLY: readonly Kind[] = [
  'cost report',
  'dead letter',
  'API key',
  'issuer',
  'audit',
  'consent proof',
  'erasure',
  'access request',
  'retention',
  'webhook address',
  'job',
  'newsletter',
];
const AGENT: Role = {
  sees: EVERYTHING.sees.filter((kind) => !MANAGERS_ONLY.includes(kind)),
  conversations: 'theirs',
  does: ['message:send', 'conversation:read', 'conversation:update', 'contact:update', 'consent:record'],
};
const NOTHING: Role = { sees: [], conversations: 'none', does: [] };

/** The members that every workspace of the world has, and what their role is. */
export const MEMBERS = {
  owner: { role: 'owner', rights: EVERYTHING },
  agentOfTeam: { role: 'agent', rights: AGENT },
  agentOfOtherTeam: { role: 'agent', rights: AGENT },
  agentWithoutTeam: { role: 'agent', rights: AGENT },
  finance: {
    role: 'finance',
    rights: {
      sees: ['workspace', 'colleague', 'channel', 'conversation', 'cost', 'cost report'],
      conversations: 'all',
      does: ['conversation:read', 'cost:read', 'cost:manage'],
    },
  },
  privacyOfficer: {
    role: 'privacy_officer',
    rights: {
      sees: [
        'workspace',
        'colleague',
        'channel',
        'contact',
        'phone',
        'audit',
        'consent proof',
        'erasure',
        'access request',
        'retention',
      ],
      conversations: 'none',
      does: [
        'contact:update',
        'consent:read',
        'consent:manage',
        'consent:record',
        'erasure:manage',
        'retention:manage',
        'access_request:manage',
      ],
    },
  },
  powerless: { role: 'custom', rights: { ...NOTHING, sees: ['colleague'] } },
  /** Was an owner, and is removed before anybody asks. */
  former: { role: 'owner', rights: NOTHING },
  /** Those on whom mutations are tried. */
  colleague: { role: 'agent', rights: AGENT },
  invited: { role: 'agent', rights: NOTHING },
} as const satisfies Record<string, { role: string; rights: Role }>;
export type MemberName = keyof typeof MEMBERS;

/** The API keys that every workspace of the world has: what they are made with, and what follows. */
export const KEYS = {
  /** Sees no conversation, and so can send nowhere. */
  templateSender: {
    permissions: [],
    actions: [{ action: 'MESSAGE_SEND', resource: 'template:hello', quota: { count: 5, per: 'DAY' } }],
    rights: { sees: ['colleague'], conversations: 'none', does: ['message:send'] },
  },
  conversationCounter: {
    permissions: ['CONVERSATION_READ', 'CONVERSATION_READ_ALL'],
    actions: [],
    rights: { sees: ['colleague', 'conversation'], conversations: 'all', does: ['conversation:read'] },
  },
  /** Might do everything that a key may, and is revoked before anybody asks. */
  revoked: { permissions: ['MESSAGE_READ', 'CONTACT_READ_PHONE'], actions: [], rights: NOTHING },
  /** To be revoked. */
  unused: { permissions: ['TEAM_READ'], actions: [], rights: NOTHING },
} as const satisfies Record<string, { permissions: readonly string[]; actions: readonly object[]; rights: Role }>;
export type KeyName = keyof typeof KEYS;

export interface ActorRule {
  /** Whose token it is; nobody has none. */
  token?: { place: 'here' | 'elsewhere'; who: MemberName | KeyName };
  rights: Role;
  /** Who the gateway turns away; subgraphs, which only the gateway reaches, know signatures and no revocations. */
  isTurnedAway?: boolean;
}

const member = (who: MemberName, place: 'here' | 'elsewhere' = 'here'): ActorRule => ({
  token: { place, who },
  rights: MEMBERS[who].rights,
});
const key = (who: KeyName): ActorRule => ({ token: { place: 'here', who }, rights: KEYS[who].rights });

/** Everybody who must not see all of the workspace "here". A new actor is one more line. */
export const ACTORS = {
  'owner of another workspace': member('owner', 'elsewhere'),
  'agent of another team': member('agentOfOtherTeam'),
  'agent without a team': member('agentWithoutTeam'),
  finance: member('finance'),
  'privacy officer': member('privacyOfficer'),
  'member whose role allows nothing': member('powerless'),
  'API key for one template': key('templateSender'),
  'API key for conversations without bodies': key('conversationCounter'),
  'former member': { ...member('former'), isTurnedAway: true },
  'revoked API key': { ...key('revoked'), isTurnedAway: true },
  nobody: { rights: NOTHING, isTurnedAway: true },
} satisfies Record<string, ActorRule>;

/** Sees all that can be seen here: what this one is not shown, no probe could have found. */
export const SEES_ALL: ActorRule = member('owner');

interface TableRule {
  /** What the columns say. Any other column is nobody's business. */
  columns: Readonly<Record<string, Kind>>;
  /** The column that names the conversation whose rights decide. */
  conversation?: string;
  /** Or a column that only its conversation knows, by this name. */
  ofConversation?: { by: string; as: 'mediaId' };
  /** Columns that somebody sees in their own row, and the column that says whose row it is. */
  own?: { by: string; columns: readonly string[] };
}

export const TABLES: Readonly<Record<string, TableRule>> = {
  'identity.workspace': { columns: { workspace_id: 'workspace', name: 'workspace' } },
  'identity.member': {
    columns: { id: 'colleague', name: 'colleague', role: 'colleague', email: 'address' },
    own: { by: 'id', columns: ['email'] },
  },
  'identity.team': { columns: { id: 'team', name: 'team' } },
  'identity.team_channel': { columns: { channel_id: 'team' } },
  'identity.role': { columns: { id: 'role', name: 'role' } },
  'identity.api_key': {
    columns: { id: 'API key', name: 'API key', created_by: 'API key' },
    own: { by: 'id', columns: ['id'] },
  },
  'identity.oidc_issuer': { columns: { issuer: 'issuer', audience: 'issuer', jwks_uri: 'issuer' } },
  'identity.audit_entry': {
    columns: {
      id: 'audit',
      actor_id: 'audit',
      session_id: 'audit',
      object_ids: 'audit',
      changes: 'audit',
      correlation_id: 'audit',
      hash: 'audit',
    },
  },
  'identity.session': { columns: {}, own: { by: 'member_id', columns: ['id', 'device'] } },
  'channels.channel': {
    columns: {
      id: 'channel',
      name: 'channel',
      display_phone_number: 'channel',
      state_reason: 'channel',
      app_id: 'webhook address',
    },
  },
  'channels.template': {
    columns: { id: 'channel', name: 'channel', definition: 'channel', rejection: 'channel' },
  },
  'channels.channel_fact': { columns: { value: 'channel' } },
  'channels.media': {
    ofConversation: { by: 'id', as: 'mediaId' },
    columns: { id: 'file', file_name: 'file', mime_type: 'file' },
  },
  'channels.webhook_event': { columns: { id: 'dead letter', fields: 'dead letter' } },
  'channels.dead_letter': { columns: { id: 'dead letter', source: 'dead letter', reason: 'dead letter' } },
  'contacts.contact': {
    columns: {
      id: 'contact',
      name: 'contact',
      given_name: 'contact',
      profile_name: 'contact',
      language: 'contact',
      email: 'phone',
      address: 'phone',
    },
  },
  'contacts.contact_attribute': {
    columns: { key: 'contact', name: 'contact', options: 'contact', purpose: 'contact' },
  },
  'contacts.contact_attribute_value': { columns: { value: 'contact' } },
  'contacts.newsletter': {
    columns: {
      id: 'newsletter',
      name: 'newsletter',
      segment_id: 'newsletter',
      content: 'newsletter',
      created_by_id: 'newsletter',
    },
  },
  'contacts.newsletter_recipient': { columns: { id: 'newsletter' } },
  'contacts.job': { columns: { id: 'job', created_by_id: 'job' } },
  'contacts.stored_file': { columns: { id: 'job' } },
  'contacts.import_report': { columns: { rows: 'job' } },
  'contacts.contact_label': { columns: { id: 'contact', name: 'contact' } },
  // What people wrote of a person is for those who may read what people write.
  'contacts.contact_note': {
    columns: { id: 'note of a person', text: 'note of a person', author_id: 'note of a person' },
  },
  'contacts.contact_file': {
    columns: {
      id: 'note of a person',
      name: 'note of a person',
      purpose: 'note of a person',
      added_by_id: 'note of a person',
    },
  },
  'contacts.segment': { columns: { id: 'contact', name: 'contact', filter: 'contact' } },
  'contacts.click_to_chat_link': {
    columns: { id: 'contact', name: 'contact', campaign: 'contact', text: 'contact', code: 'contact' },
  },
  'contacts.sending_channel': { columns: { chat_url: 'contact' } },
  'contacts.contact_merge': { columns: { id: 'contact', merged_id: 'contact' } },
  'contacts.contact_alias': { columns: { id: 'contact' } },
  'contacts.contact_identity(PHONE)': { columns: { id: 'contact', value: 'phone' } },
  'contacts.contact_identity(BSUID)': { columns: { id: 'contact', value: 'phone' } },
  'contacts.contact_identity(PARENT_BSUID)': { columns: { id: 'contact', value: 'phone' } },
  'contacts.contact_identity(THREEMA_ID)': { columns: { id: 'contact', value: 'phone' } },
  'contacts.contact_identity(USERNAME)': { columns: { id: 'contact', value: 'contact' } },
  'contacts.erasure': { columns: { id: 'erasure', reference: 'erasure' } },
  'contacts.legal_hold': {
    columns: {
      id: 'retention',
      contact_id: 'retention',
      reason: 'retention',
      set_by_id: 'retention',
      released_by_id: 'retention',
      release_reason: 'retention',
    },
  },
  'contacts.retention_rule': { columns: { set_by_id: 'retention' } },
  'contacts.retention_pause': { columns: { reason: 'retention' } },
  'contacts.retention_run': { columns: { id: 'retention', started_by_id: 'retention', digest: 'retention' } },
  'contacts.access_request': {
    columns: {
      id: 'access request',
      reference: 'access request',
      contact_id: 'access request',
      extension_reason: 'access request',
      code_word: 'access request',
      code_refusal: 'access request',
      confirmation_reason: 'access request',
      refusal_reason: 'access request',
    },
  },
  'contacts.consent_purpose': { columns: { key: 'contact', name: 'contact', description: 'contact' } },
  'contacts.consent_text': {
    columns: { hash: 'contact', body: 'contact', privacy_notice_url: 'contact', privacy_notice_version: 'contact' },
  },
  'contacts.consent_event': {
    columns: {
      id: 'consent proof',
      locale: 'consent proof',
      actor_id: 'consent proof',
      hash: 'consent proof',
    },
  },
  'contacts.consent_receipt': { columns: { id: 'consent proof', jws: 'consent proof' } },
  'contacts.data_controller': {
    columns: { name: 'contact', address: 'contact', email: 'contact', privacy_officer: 'contact' },
  },
  'contacts.consent_evidence': { columns: { content: 'consent proof' } },
  'conversation.member': { columns: { id: 'colleague', name: 'colleague' } },
  'conversation.team': { columns: { id: 'team' } },
  'conversation.availability': { columns: { member_id: 'colleague' } },
  'conversation.conversation': {
    conversation: 'id',
    columns: {
      id: 'conversation',
      contact_id: 'conversation',
      channel_id: 'conversation',
      team_id: 'conversation',
      assignee_id: 'conversation',
    },
  },
  'conversation.opt_out_text': { columns: { text: 'conversation' } },
  'conversation.opt_out_word': { columns: { word: 'conversation' } },
  'conversation.consent_text': {
    columns: { body: 'conversation', privacy_notice_url: 'conversation' },
  },
  'conversation.consent_request': {
    conversation: 'conversation_id',
    columns: { id: 'conversation', purpose: 'conversation', text_hash: 'conversation', locale: 'conversation' },
  },
  'conversation.label': { columns: { id: 'conversation', name: 'conversation' } },
  'conversation.conversation_label': {
    conversation: 'conversation_id',
    columns: { label_id: 'conversation', set_by_id: 'conversation' },
  },
  'conversation.participant': {
    conversation: 'conversation_id',
    columns: { member_id: 'conversation', added_by_id: 'conversation' },
  },
  'conversation.message': {
    conversation: 'conversation_id',
    columns: {
      id: 'conversation',
      author_id: 'conversation',
      api_key_id: 'conversation',
      error_title: 'conversation',
      text: 'body',
      payload: 'body',
      referral: 'body',
      reactions: 'body',
      settled_by_id: 'conversation',
      resent_as: 'conversation',
      resend_of: 'conversation',
    },
  },
  'conversation.message_version': {
    conversation: 'conversation_id',
    columns: { text: 'body', payload: 'body' },
  },
  'conversation.business_hours': { columns: { exceptions: 'conversation' } },
  'conversation.survey': { conversation: 'conversation_id', columns: { comment: 'body' } },
  'conversation.activity': {
    conversation: 'conversation_id',
    columns: { id: 'conversation', before: 'conversation', after: 'conversation', reason: 'body' },
  },
  'conversation.saved_view': { columns: { id: 'conversation', name: 'conversation' } },
  'conversation.saved_view(OWN)': { columns: {}, own: { by: 'owner_id', columns: ['id', 'name'] } },
  'conversation.note': {
    conversation: 'conversation_id',
    columns: {
      id: 'conversation',
      author_id: 'conversation',
      api_key_id: 'conversation',
      mentioned_member_ids: 'conversation',
      text: 'body',
    },
  },
  'conversation.claim': {
    conversation: 'conversation_id',
    columns: { holder_id: 'conversation', reason: 'body' },
  },
  'conversation.draft': {
    conversation: 'conversation_id',
    columns: { edited_by_id: 'conversation', text: 'body' },
  },
  'conversation.held_message': {
    conversation: 'conversation_id',
    columns: {
      id: 'conversation',
      author_id: 'conversation',
      budget_id: 'conversation',
      decided_by_id: 'conversation',
      text: 'body',
      payload: 'body',
      reason: 'body',
    },
  },
  'conversation.control': {
    conversation: 'conversation_id',
    columns: {
      controller_id: 'conversation',
      offered_to_id: 'conversation',
      offered_by_id: 'conversation',
      summary: 'body',
      offer_summary: 'body',
    },
  },
  // Everybody's is seen by all who work in the inbox.
  'conversation.canned_response(EVERYBODY)': {
    columns: { id: 'conversation', shortcut: 'conversation', title: 'conversation', body: 'conversation' },
  },
  'conversation.canned_response(PERSONAL)': {
    columns: {},
    own: { by: 'owner_id', columns: ['id', 'shortcut', 'title', 'body'] },
  },
  'conversation.macro(EVERYBODY)': { columns: { id: 'conversation', name: 'conversation', steps: 'conversation' } },
  'conversation.macro(PERSONAL)': { columns: {}, own: { by: 'owner_id', columns: ['id', 'name', 'steps'] } },
  'billing.charge': {
    conversation: 'conversation_id',
    columns: {
      id: 'cost',
      message_id: 'cost',
      conversation_id: 'cost',
      amount_micros: 'cost',
      category: 'cost',
      market: 'cost',
      free_reason: 'cost',
      price_book_version: 'cost',
      trace: 'cost',
    },
  },
  'billing.workspace_price_book': {
    columns: { id: 'cost report', version: 'cost report', note: 'cost report' },
  },
  'billing.job': { columns: { id: 'cost report', created_by_id: 'cost report' } },
  'billing.reconciliation': { columns: { id: 'cost report', note: 'cost report', lines: 'cost report' } },
  'billing.invoice': { columns: { id: 'cost report', note: 'cost report' } },
  'billing.token_usage': { columns: { id: 'cost report', tokens: 'cost report', note: 'cost report' } },
  'billing.conversation_label': { columns: { label_id: 'cost report' } },
  'billing.label_cost_by_day': {
    columns: { label_id: 'cost report', category: 'cost report', amount_micros: 'cost report' },
  },
  'billing.volume_tier': { columns: { market: 'cost report', category: 'cost report' } },
  'billing.analytics_reading': { columns: { account_id: 'cost report' } },
  'billing.analytics_figure': {
    columns: { market: 'cost report', category: 'cost report', cost_micros: 'cost report' },
  },
  'billing.budget': {
    columns: { id: 'cost report', name: 'cost report', limit_micros: 'cost report' },
  },
  'billing.alert': { columns: { id: 'cost report' } },
  'billing.alert_destination': { columns: { id: 'cost report', address: 'cost report' } },
  'billing.alert_delivery': { columns: { problem: 'cost report' } },
  'billing.budget_month': { columns: { spent_micros: 'cost report' } },
  'billing.billable_message': { columns: { planned_category: 'cost report' } },
  'billing.cost_by_day': {
    columns: {
      amount_micros: 'cost report',
      category: 'cost report',
      market: 'cost report',
      free_reason: 'cost report',
      template: 'cost report',
    },
  },
  'billing.conversation_month': { columns: { amount_micros: 'cost report' } },
  'billing.contact_cost': { columns: { amount_micros: 'cost report' } },
  'billing.window_cost': { conversation: 'conversation_id', columns: { amount_micros: 'cost' } },
  'billing.conversation_cost': { conversation: 'conversation_id', columns: { amount_micros: 'cost' } },
  'billing.unrated_message': {
    conversation: 'conversation_id',
    columns: { reason: 'cost', detail: 'cost report', trace: 'cost report' },
  },
};
