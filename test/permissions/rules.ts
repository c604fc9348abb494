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
  /** That a conversation and its messages exist, and where they stand; not what was written. */
  | 'conversation'
  | 'body'
  | 'cost'
  | 'dead letter'
  | 'API key'
  | 'issuer'
  /** Who did what to which object: ids, never content. */
  | 'audit';

/** A mutation's permission; the names are those that the API uses. */
export type Right =
  | 'member:manage'
  | 'team:manage'
  | 'role:manage'
  | 'workspace:manage'
  | 'message:send'
  | 'api_key:manage'
  | 'channel:manage'
  | 'consent:manage'
  | 'erasure:manage';

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
    'conversation',
    'body',
    'cost',
    'dead letter',
    'API key',
    'issuer',
    'audit',
  ],
  conversations: 'all',
  does: 'everything',
};
const AGENT: Role = {
  sees: EVERYTHING.sees.filter((kind) => !['dead letter', 'API key', 'issuer', 'audit'].includes(kind)),
  conversations: 'theirs',
  does: ['message:send'],
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
    rights: { sees: ['workspace', 'colleague', 'channel', 'conversation', 'cost'], conversations: 'all', does: [] },
  },
  privacyOfficer: {
    role: 'privacy_officer',
    rights: {
      sees: ['workspace', 'colleague', 'channel', 'contact', 'phone', 'audit'],
      conversations: 'none',
      does: [],
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
    rights: { sees: ['colleague', 'conversation'], conversations: 'all', does: [] },
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
  'identity.api_key': { columns: { id: 'API key', name: 'API key', created_by: 'API key' } },
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
    columns: { id: 'channel', name: 'channel', display_phone_number: 'channel' },
  },
  'channels.dead_letter': { columns: { id: 'dead letter', source: 'dead letter', reason: 'dead letter' } },
  'contacts.contact': { columns: { id: 'contact', name: 'contact' } },
  'contacts.contact_alias': { columns: { id: 'contact' } },
  'contacts.contact_identity(PHONE)': { columns: { value: 'phone' } },
  'contacts.contact_identity(USERNAME)': { columns: { value: 'contact' } },
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
  'conversation.message': {
    conversation: 'conversation_id',
    columns: {
      id: 'conversation',
      author_id: 'conversation',
      api_key_id: 'conversation',
      error_title: 'conversation',
      text: 'body',
    },
  },
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
  'billing.conversation_cost': { conversation: 'conversation_id', columns: { amount_micros: 'cost' } },
  'billing.unrated_message': { conversation: 'conversation_id', columns: { reason: 'cost' } },
};
