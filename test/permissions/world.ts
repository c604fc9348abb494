import { randomBytes, randomInt } from 'node:crypto';
import {
  channelMessageReceived,
  channelStatusReceived,
  chargeRecorded,
  conversationOpened,
  messageReceived,
  type EventData,
  type EventDefinition,
} from '@fenster/contracts';
import { openDatabase, transact, type Database } from '@fenster/database';
import { DATABASES, urlOf, type DatabaseName } from '@fenster/local';
import { createLogger, systemClock } from '@fenster/runtime';
import pg from 'pg';
import { expect } from 'vitest';
import { invitationToken } from '../../services/identity/src/members/invitation.js';
import { hashPassword } from '../../services/identity/src/members/password.js';
import { hashSecret } from '../../services/identity/src/sessions/refresh-token.js';
import { LocalIssuer } from '../../services/identity/src/testing/local-issuer.js';
import { request } from '../support/api-client.js';
import { eventually } from '../support/eventually.js';
import type { TestStack } from '../support/test-stack.js';
import { KEYS, MEMBERS, SEES_ALL, type ActorRule, type KeyName, type MemberName } from './rules.js';

const MEMBER_NAMES = Object.keys(MEMBERS) as MemberName[];
const PASSWORD = 'correct horse 1';
/** Long ago: contacts waits for the contact of a young id, as it may be on its way. */
const HOUR_MS = 3_600_000;
const log = createLogger('test', 'silent');

export function oldId(): string {
  const time = (Date.now() - HOUR_MS).toString(16).padStart(12, '0');
  const random = randomBytes(10).toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-a${random.slice(3, 6)}-${random.slice(6, 18)}`;
}

/** A text that stands nowhere else. */
export function canary(what: string): string {
  return `${what} ${randomBytes(6).toString('hex')}`;
}
const digits = (count: number) => Array.from({ length: count }, () => randomInt(1, 10)).join('');

/** Where the conversations of a workspace stand, and so who may see them. */
export const SPOTS = {
  ofTeamAssigned: { team: 'team', assignee: 'agentOfTeam', channel: 0 },
  ofTeamOpen: { team: 'team', channel: 0 },
  ofTeamAssignedToStranger: { team: 'team', assignee: 'agentOfOtherTeam', channel: 0 },
  onTeamsChannel: { channel: 0 },
  ofOtherTeamAssigned: { team: 'otherTeam', assignee: 'colleague', channel: 1 },
  ofOtherTeamOpen: { team: 'otherTeam', channel: 1 },
  onOtherTeamsChannel: { channel: 1 },
  onOtherTeamsChannelAssigned: { assignee: 'agentOfTeam', channel: 1 },
  onNobodysChannel: { channel: 2 },
  ofAgentWithoutTeam: { assignee: 'agentWithoutTeam', channel: 2 },
} as const satisfies Record<string, { team?: TeamName; assignee?: MemberName; channel: number }>;
export type SpotName = keyof typeof SPOTS;

type TeamName = 'team' | 'otherTeam' | 'emptyTeam';
const TEAMS: Record<TeamName, { members: readonly MemberName[]; channels: readonly number[] }> = {
  team: { members: ['agentOfTeam', 'former', 'colleague'], channels: [0] },
  otherTeam: { members: ['agentOfOtherTeam'], channels: [1] },
  emptyTeam: { members: [], channels: [] },
};

interface ConversationInWorld {
  id: string;
  threadId: string;
  contactId: string;
  channelId: string;
  teamId: string | null;
  assigneeId: string | null;
  phone: string;
  bsuid: string;
  inboundId: string;
  failedId: string;
  sentId: string;
  sentProviderId: string;
}

/** One workspace, and an object of each kind in it. */
export interface Place {
  workspaceId: string;
  members: Record<MemberName, { id: string; email: string; name: string }>;
  /** Teams and their channels, by member. */
  teamsOf: Partial<Record<MemberName | KeyName, { teamIds: readonly string[]; channelIds: readonly string[] }>>;
  teams: Record<TeamName, { id: string }>;
  roles: Record<'nothing' | 'unused', { id: string }>;
  channels: readonly { id: string }[];
  conversations: Record<SpotName, ConversationInWorld>;
  keys: Record<KeyName, { id: string; secret: string }>;
  sessions: Partial<Record<MemberName, string>>;
  refreshToken: string;
  /** Of the issuer that the workspace may name. */
  issuer: { url: string; audience: string; idToken: string };
  aliasId: string;
  deadLetterId: string;
  invitationToken: string;
}

export interface World {
  stack: TestStack;
  here: Place;
  elsewhere: Place;
  /** As the service's owner, whom row-level security lets see everything. */
  sql: Record<DatabaseName, pg.Pool>;
  tokenOf(rule: ActorRule): string | undefined;
  /** What the gateway makes of it for subgraphs. */
  subgraphTokenOf(rule: ActorRule): Promise<string | undefined>;
  /** Emits as a service does, for consumers and subscribers to hear. */
  emit<D extends EventDefinition>(
    service: DatabaseName,
    workspaceId: string,
    event: D,
    data: EventData<D>,
  ): Promise<void>;
  close(): Promise<void>;
}

/** Two workspaces with the same of everything, which differ in all that is said in them. */
export async function buildWorld(stack: TestStack): Promise<World> {
  const { databaseUrls, secrets } = stack.deployment;
  const sql = {} as World['sql'];
  const databases = {} as Record<DatabaseName, Database>;
  for (const service of DATABASES) {
    sql[service] = new pg.Pool({ connectionString: databaseUrls[service], max: 2 });
    databases[service] = await openDatabase({ service, url: databaseUrls[service], poolSize: 1, entities: [], log });
  }
  const issuer = await new LocalIssuer().start();
  const places = { here: await buildPlace(), elsewhere: await buildPlace() };
  const tokens = new Map<string, string>();
  for (const name of ['here', 'elsewhere'] as const) {
    const place = places[name];
    for (const member of MEMBER_NAMES.filter((each) => each !== 'invited')) {
      const { accessToken, refreshToken } = await signIn(stack, place.members[member]);
      tokens.set(`${name} ${member}`, accessToken);
      place.sessions[member] = sessionOf(accessToken);
      if (member === 'agentOfTeam') place.refreshToken = refreshToken;
    }
  }
  const world: World = {
    ...places,
    stack,
    sql,
    tokenOf: ({ token }) => token && tokens.get(`${token.place} ${token.who}`),
    async subgraphTokenOf(rule) {
      const token = world.tokenOf(rule);
      if (!token?.startsWith('fk_')) return token;
      const url = `${urlOf(stack.deployment, 'identity')}/internal/api-key-token`;
      const response = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
      return ((await response.json()) as { accessToken?: string }).accessToken;
    },
    async emit(service, workspaceId, event, data) {
      const origin = { actor: { kind: 'provider' }, correlationId: 'matrix' } as const;
      const ctx = { database: databases[service], now: systemClock, log, wakeRelay() {}, origin };
      await transact(ctx, async (tx) => tx.emit(event, { entityId: oldId(), workspaceId, data }));
    },
    async close() {
      await issuer.stop();
      for (const service of DATABASES) {
        await sql[service].end();
        await databases[service].close();
      }
    },
  };
  for (const name of ['here', 'elsewhere'] as const) {
    const place = world[name];
    place.keys = await createKeys(world, name);
    for (const key of Object.keys(KEYS) as KeyName[]) tokens.set(`${name} ${key}`, place.keys[key].secret);
    await revoke(world, name);
    await writeHistory(world, place);
    await removeFormer(world, name);
  }
  return world;

  async function buildPlace(): Promise<Place> {
    const workspaceId = oldId();
    const insert = async (service: DatabaseName, table: string, ...rows: object[]) => {
      const columns = ['workspace_id', ...Object.keys(rows[0]!)].map((name) => `"${name}"`).join(', ');
      await sql[service].query(
        `insert into ${table} (${columns}) select ${columns} from jsonb_populate_recordset(null::${table}, $1)`,
        [JSON.stringify(rows.map((row) => ({ workspace_id: workspaceId, ...row })))],
      );
    };
    const now = new Date(Date.now() - HOUR_MS).toISOString();
    const later = new Date(Date.now() + HOUR_MS).toISOString();

    await insert('identity', 'workspace', { name: canary('workspace'), created_at: now });
    const roles = { nothing: { id: oldId() }, unused: { id: oldId() } };
    await insert(
      'identity',
      'role',
      { id: roles.nothing.id, name: canary('role'), permissions: [], created_at: now },
      { id: roles.unused.id, name: canary('role'), permissions: ['team:read'], created_at: now },
    );
    const members = Object.fromEntries(
      MEMBER_NAMES.map((name) => [
        name,
        {
          id: oldId(),
          email: `${name.toLowerCase()}-${randomBytes(6).toString('hex')}@example.test`,
          name: canary(name),
        },
      ]),
    ) as Place['members'];
    const passwordHash = await hashPassword(PASSWORD);
    const token = invitationToken(Buffer.from(secrets.secretKey, 'base64'), members.invited.id);
    await insert(
      'identity',
      'member',
      ...MEMBER_NAMES.map((name) => ({
        ...members[name],
        role: name === 'powerless' ? roles.nothing.id : MEMBERS[name].role,
        password_hash: name === 'invited' ? null : passwordHash,
        invitation_hash: name === 'invited' ? hex(hashSecret(token)) : null,
        invitation_expires_at: name === 'invited' ? later : null,
        created_at: now,
      })),
    );

    const audience = canary('audience');
    const address = `https://${randomBytes(6).toString('hex')}.example.test`;
    const named = {
      issuer: address,
      audience: canary('audience'),
      jwks_uri: `${address}/${canary('keys').replace(' ', '-')}`,
    };
    await insert('identity', 'oidc_issuer', { ...named, updated_at: now });
    const idToken = await issuer.token({ aud: audience, email: members.colleague.email }, { at: new Date() });

    const channels = [0, 1, 2].map(() => ({ id: oldId() }));
    const appId = digits(15);
    await insert('channels', 'provider_app', {
      app_id: appId,
      secrets: [],
      verify_token_hash: hex(randomBytes(32)),
      created_at: now,
    });
    await insert(
      'channels',
      'channel',
      ...channels.map(({ id }) => ({
        id,
        kind: 'WHATSAPP_CLOUD',
        name: canary('channel'),
        phone_number_id: digits(15),
        display_phone_number: `+4930${digits(8)}`,
        waba_id: digits(15),
        app_id: appId,
        api_base_url: `http://127.0.0.1:1/${canary('base').replace(' ', '-')}`,
        api_version: 'v26.0',
        access_token: hex(randomBytes(32)),
        currency: 'EUR',
        time_zone: 'Europe/Berlin',
        created_at: now,
      })),
    );

    const teams = { team: { id: oldId() }, otherTeam: { id: oldId() }, emptyTeam: { id: oldId() } };
    for (const [name, { members: memberNames, channels: indexes }] of Object.entries(TEAMS)) {
      const { id } = teams[name as TeamName];
      await insert('identity', 'team', { id, name: canary('team'), created_at: now });
      if (memberNames.length === 0) continue;
      await insert(
        'identity',
        'team_member',
        ...memberNames.map((each) => ({ team_id: id, member_id: members[each].id })),
      );
      await insert(
        'identity',
        'team_channel',
        ...indexes.map((index) => ({ team_id: id, channel_id: channels[index]!.id })),
      );
    }

    const deadLetters = Object.fromEntries(DATABASES.map((service) => [service, oldId()]));
    for (const service of DATABASES) {
      const words = { source: canary('source'), payload: canary('payload'), reason: canary('reason') };
      await insert(service, 'dead_letter', { id: deadLetters[service], event_id: oldId(), occurred_at: now, ...words });
      const key = { actor_id: members.owner.id, key: canary('key'), operation: canary('operation') };
      await insert(service, 'idempotency_key', {
        ...key,
        input_hash: canary('hash'),
        result_id: oldId(),
        created_at: now,
      });
    }
    const conversations = Object.fromEntries(
      Object.entries(SPOTS).map(([name, spot]): [string, ConversationInWorld] => [
        name,
        {
          id: oldId(),
          threadId: oldId(),
          contactId: oldId(),
          channelId: channels[spot.channel]!.id,
          teamId: 'team' in spot ? teams[spot.team].id : null,
          assigneeId: 'assignee' in spot ? members[spot.assignee].id : null,
          phone: `+4915${digits(9)}`,
          bsuid: `DE.${digits(14)}`,
          inboundId: oldId(),
          failedId: oldId(),
          sentId: oldId(),
          sentProviderId: `wamid.${randomBytes(9).toString('hex')}`,
        },
      ]),
    ) as Place['conversations'];
    for (const conversation of Object.values(conversations)) {
      await insertConversation(insert, conversation, { now, later, authorId: members.agentOfTeam.id });
    }
    const quota = { api_key_id: oldId(), action: canary('action'), resource: canary('resource'), count: 3 };
    await insert('conversation', 'api_key_quota', { ...quota, window_start: now });
    const aliasId = oldId();
    const { contactId } = conversations.ofTeamAssigned;
    await insert('contacts', 'contact_alias', { id: aliasId, contact_id: contactId, created_at: now });
    return {
      workspaceId,
      members,
      teamsOf: Object.fromEntries(
        MEMBER_NAMES.map((member) => {
          const theirs = Object.entries(TEAMS).filter(([, team]) => team.members.includes(member));
          const teamIds = theirs.map(([name]) => teams[name as TeamName].id);
          return [
            member,
            { teamIds, channelIds: theirs.flatMap(([, team]) => team.channels.map((index) => channels[index]!.id)) },
          ];
        }),
      ) as Place['teamsOf'],
      teams,
      roles,
      channels,
      conversations,
      keys: {} as Place['keys'],
      sessions: {},
      refreshToken: '',
      issuer: { url: issuer.url, audience, idToken },
      aliasId,
      deadLetterId: deadLetters['channels']!,
      invitationToken: token,
    };
  }
}

export interface SignedIn {
  accessToken: string;
  refreshToken: string;
}

export async function signIn({ graphqlUrl }: TestStack, { email }: { email: string }): Promise<SignedIn> {
  const { data, errors } = await request<{ signIn: SignedIn }>(
    graphqlUrl,
    `mutation ($email: String!, $password: String!) {
      signIn(email: $email, password: $password, device: "${canary('device')}") { ... on Session { accessToken refreshToken } }
    }`,
    { variables: { email, password: PASSWORD } },
  );
  if (!data?.signIn.accessToken) throw new Error(`${email} cannot sign in: ${JSON.stringify({ data, errors })}`);
  return data.signIn;
}

function sessionOf(accessToken: string): string {
  const claims = Buffer.from(accessToken.split('.')[1]!, 'base64url').toString();
  return (JSON.parse(claims) as { sid: string }).sid;
}

const hex = (bytes: Buffer) => `\\x${bytes.toString('hex')}`;
type Insert = (service: DatabaseName, table: string, ...rows: object[]) => Promise<void>;

async function insertConversation(
  insert: Insert,
  conversation: ConversationInWorld,
  { now, later, authorId }: { now: string; later: string; authorId: string },
): Promise<void> {
  const { id, threadId, contactId, channelId, teamId, assigneeId, phone, bsuid } = conversation;
  const { inboundId, failedId, sentId, sentProviderId } = conversation;
  const username = canary('username').replace(' ', '.');
  await insert('contacts', 'contact', { id: contactId, name: canary('contact'), created_at: now, updated_at: now });
  await insert(
    'contacts',
    'contact_identity',
    ...Object.entries({ PHONE: phone, BSUID: bsuid, USERNAME: username }).map(([kind, value]) => ({
      id: oldId(),
      contact_id: contactId,
      channel_id: channelId,
      kind,
      value,
      valid_from: now,
    })),
  );
  await insert('conversation', 'thread', {
    id: threadId,
    channel_id: channelId,
    contact_id: contactId,
    phone,
    bsuid,
    username,
    profile_name: canary('profile'),
    last_seq: 3,
    open_conversation_id: id,
    last_customer_message_at: now,
    window_expires_at: later,
    created_at: now,
  });
  await insert(
    'conversation',
    'thread_identity',
    ...Object.entries({ PHONE: phone, BSUID: bsuid }).map(([kind, value]) => ({
      channel_id: channelId,
      kind,
      value,
      thread_id: threadId,
      created_at: now,
    })),
  );
  await insert('conversation', 'conversation', {
    id,
    thread_id: threadId,
    channel_id: channelId,
    contact_id: contactId,
    team_id: teamId,
    assignee_id: assigneeId,
    status: 'OPEN',
    last_seq: 3,
    last_message_at: now,
    opened_at: now,
  });
  const place = { thread_id: threadId, conversation_id: id, channel_id: channelId };
  const message = { ...place, type: 'text', payload: { note: canary('payload') }, sent_at: now, created_at: now };
  const nothing = { error_code: null, error_title: null, author_id: null, api_key_id: null };
  await insert(
    'conversation',
    'message',
    {
      ...message,
      ...nothing,
      id: inboundId,
      seq: 1,
      direction: 'INBOUND',
      text: canary('body'),
      status: 'RECEIVED',
      provider_message_id: `wamid.${canary('in')}`,
    },
    {
      ...message,
      id: failedId,
      seq: 2,
      direction: 'OUTBOUND',
      text: canary('body'),
      status: 'FAILED',
      error_code: 131_000,
      error_title: canary('failure'),
      provider_message_id: `wamid.${canary('failed')}`,
      author_id: null,
      api_key_id: oldId(),
    },
    {
      ...message,
      ...nothing,
      id: sentId,
      seq: 3,
      direction: 'OUTBOUND',
      text: canary('body'),
      status: 'SENT',
      provider_message_id: sentProviderId,
      author_id: authorId,
      api_key_id: null,
    },
  );
  await insert('conversation', 'parked_status', {
    channel_id: channelId,
    provider_message_id: `wamid.${canary('parked')}`,
    status: 'sent',
    error_code: 1,
    error_title: canary('parked'),
    occurred_at: now,
  });

  await insert('channels', 'inbound_item', {
    channel_id: channelId,
    dedupe_hash: hex(randomBytes(32)),
    received_at: now,
  });
  await insert('channels', 'outbound_message', {
    id: failedId,
    channel_id: channelId,
    thread_id: threadId,
    seq: 2,
    state: 'REJECTED',
    attempts: 1,
    next_attempt_at: now,
    provider_message_id: `wamid.${canary('failed')}`,
    last_error: canary('error'),
    correlation_id: canary('correlation'),
    causation_id: oldId(),
    queued_at: now,
    settled_at: now,
  });

  const amount_micros = Number(digits(8));
  const currency = { currency: 'EUR', time_zone: 'Europe/Berlin' };
  await insert('billing', 'billable_message', {
    message_id: failedId,
    channel_id: channelId,
    conversation_id: id,
    thread_id: threadId,
    author_id: authorId,
    provider_message_key: canary('key'),
    pricing: { category: canary('category') },
    recipient_country: 'DE',
    ...currency,
  });
  await insert('billing', 'unattributed_status', {
    provider_message_key: canary('key'),
    event_id: oldId(),
    channel_id: channelId,
    status: 'sent',
    occurred_at: now,
    pricing: { category: canary('category') },
    ...currency,
    recorded_at: now,
  });
  const rating = { price_book_version: canary('version'), trace: [{ fact: 'market', value: canary('trace') }] };
  await insert('billing', 'charge', {
    id: oldId(),
    message_id: failedId,
    conversation_id: id,
    amount_micros,
    currency: 'EUR',
    category: canary('category'),
    market: canary('market'),
    free_reason: canary('reason'),
    local_date: '2026-11-21',
    rate_line: 12,
    ...rating,
    recorded_at: now,
  });
  await insert('billing', 'conversation_cost', { conversation_id: id, currency: 'EUR', amount_micros, messages: 1 });
  await insert('billing', 'unrated_message', {
    message_id: inboundId,
    conversation_id: id,
    reason: canary('reason'),
    detail: canary('detail'),
    ...rating,
    recorded_at: now,
  });
}

/** Something to be replayed. */
async function writeHistory(world: World, place: Place): Promise<void> {
  const { workspaceId, conversations } = place;
  for (const conversation of Object.values(conversations)) {
    const { id: conversationId, threadId, contactId, channelId, inboundId } = conversation;
    const opened = { conversationId, threadId, channelId, contactId };
    await world.emit('conversation', workspaceId, conversationOpened, opened);
    await world.emit('conversation', workspaceId, messageReceived, {
      messageId: inboundId,
      threadId,
      conversationId,
      channelId,
      seq: 1,
      type: 'text',
      windowExpiresAt: null,
    });
  }
  await happenIn(world, place, 'onNobodysChannel');
}

async function createKeys(world: World, name: PlaceName): Promise<Place['keys']> {
  const expiresAt = new Date(Date.now() + HOUR_MS).toISOString();
  const keys: Partial<Place['keys']> = {};
  for (const [key, { permissions, actions }] of Object.entries(KEYS)) {
    const input = { name: canary('key'), permissions, actions, expiresAt, idempotencyKey: canary('key') };
    const { createApiKey } = await askAsOwner<{ createApiKey: { apiKey: { id: string }; secret: string } }>(
      world,
      name,
      'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on ApiKeyCreated { apiKey { id } secret } } }',
      { input },
    );
    keys[key as KeyName] = { id: createApiKey.apiKey.id, secret: createApiKey.secret };
  }
  return keys as Place['keys'];
}

async function revoke(world: World, name: PlaceName): Promise<void> {
  const { id } = world[name].keys.revoked;
  await askAsOwner(world, name, 'mutation ($id: ID!) { revokeApiKey(id: $id) { __typename } }', { id });
}

/** Tokens of before stay signed and dated; the gateway has to know better. */
async function removeFormer(world: World, name: PlaceName): Promise<void> {
  const { id } = world[name].members.former;
  await askAsOwner(world, name, 'mutation ($id: ID!) { removeMember(memberId: $id) { __typename } }', { id });
  for (const who of ['former', 'revoked'] as const) {
    const token = world.tokenOf({ ...SEES_ALL, token: { place: name, who } });
    await eventually(async () => {
      expect(await request(world.stack.graphqlUrl, '{ teams { id } }', { token })).toMatchObject({ status: 401 });
    });
  }
}

type PlaceName = 'here' | 'elsewhere';

async function askAsOwner<T>(world: World, place: PlaceName, query: string, variables: object): Promise<T> {
  const token = world.tokenOf({ ...SEES_ALL, token: { place, who: 'owner' } });
  const { data, errors } = await request<T>(world.stack.graphqlUrl, query, { token, variables: { ...variables } });
  expect(errors).toBeUndefined();
  return data;
}

/** In this conversation a customer writes, a reply is delivered, and a charge is recorded: all that subscribers hear of. */
export async function happenIn(world: World, place: Place, spot: SpotName): Promise<void> {
  await writeIn(world, place, spot);
  const { id: conversationId, channelId, sentId, sentProviderId } = place.conversations[spot];
  const { workspaceId } = place;
  const now = new Date().toISOString();
  await world.emit('channels', workspaceId, channelStatusReceived, {
    channelId,
    providerMessageId: sentProviderId,
    messageId: sentId,
    status: 'delivered',
    occurredAt: now,
    account: { currency: 'EUR', timeZone: 'Europe/Berlin' },
    errors: [],
  });
  await world.emit('billing', workspaceId, chargeRecorded, {
    chargeId: oldId(),
    messageId: sentId,
    conversationId,
    amountMicros: Number(digits(8)),
    currency: 'EUR',
    category: canary('category'),
  });
}

/** A customer writes. Resolves to the id of the message, once it is stored. */
export async function writeIn(world: World, { workspaceId, conversations }: Place, spot: SpotName): Promise<string> {
  const { channelId, phone, bsuid } = conversations[spot];
  const text = canary('live body');
  await world.emit('channels', workspaceId, channelMessageReceived, {
    channelId,
    identity: { phone, bsuid },
    providerMessageId: `wamid.${canary('live')}`,
    type: 'text',
    text,
    sentAt: new Date().toISOString(),
    opensWindow: true,
  });
  return eventually(async () => {
    const { rows } = await world.sql.conversation.query<{ id: string }>('select id from message where text = $1', [
      text,
    ]);
    expect(rows).toHaveLength(1);
    return rows[0]!.id;
  });
}
