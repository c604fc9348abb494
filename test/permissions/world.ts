import { hash, randomBytes, randomInt, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  channelMediaStored,
  assignmentChanged,
  availabilityChanged,
  budgetStopChanged,
  claimChanged,
  controlChanged,
  conversationLabelsChanged,
  conversationParticipantsChanged,
  conversationStatusChanged,
  customerIdentityChanged,
  templateCategoryTold,
  draftChanged,
  heldMessageChanged,
  labelCatalogueChanged,
  memberMentioned,
  messageDelayed,
  messageEchoed,
  messageSettled,
  messagesEmptied,
  messagesImported,
  noteAdded,
  noteDeleted,
  noteEdited,
  readCursorMoved,
  satisfactionRated,
  serviceLevelBreached,
  serviceWindowChanged,
  serviceWindowClosed,
  serviceWindowClosing,
  channelMessageChanged,
  channelMessageReceived,
  channelStatusReceived,
  chargeRecorded,
  contactCreated,
  contactMergeUndone,
  contactsMerged,
  contactUpdated,
  conversationOpened,
  jobProgressed,
  segmentChanged,
  optOutAsked,
  optOutDecided,
  threadConsentStated,
  messageReceived,
  type EventData,
  type EventDefinition,
} from '@fenster/contracts';
import { openDatabase, transact, type Database } from '@fenster/database';
import { DATABASES, urlOf, type DatabaseName } from '@fenster/local';
import { createLogger, seal, systemClock } from '@fenster/runtime';
import pg from 'pg';
import { expect } from 'vitest';
import { sealSecrets } from '../../services/channels/src/channels/credentials.js';
import { bodyContext } from '../../services/channels/src/webhooks/received-webhook.js';
import { invitationToken } from '../../services/identity/src/members/invitation.js';
import { hashPassword } from '../../services/identity/src/members/password.js';
import { hashSecret } from '../../services/identity/src/sessions/refresh-token.js';
import { LocalIssuer } from '../../services/identity/src/testing/local-issuer.js';
import { request } from '../support/api-client.js';
import { STUB_PRIVATE_KEY, type ProviderStub } from '../support/provider-stub.js';
import { eventually } from '../support/eventually.js';
import type { TestStack } from '../support/test-stack.js';
import { KEYS, MEMBERS, SEES_ALL, type ActorRule, type KeyName, type MemberName } from './rules.js';

const MEMBER_NAMES = Object.keys(MEMBERS) as MemberName[];
const PASSWORD = 'correct horse 1';
const HOUR_MS = 3_600_000;
const log = createLogger('test', 'silent');

/** In the note of every conversation, though most of them may not see most. */
const MENTIONED = ['owner', 'agentOfOtherTeam', 'agentWithoutTeam', 'privacyOfficer'] as const;
/** Long ago: contacts waits for the contact of a young id, as it may be on its way. */
export function oldId(): string {
  const time = (Date.now() - HOUR_MS).toString(16).padStart(12, '0');
  const random = randomBytes(10).toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-a${random.slice(3, 6)}-${random.slice(6, 18)}`;
}

/** A text that stands nowhere else. */
export function canary(what: string): string {
  return `${what} ${randomBytes(6).toString('hex')}`;
}
export const digits = (count: number) => Array.from({ length: count }, () => randomInt(1, 10)).join('');

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
  unconfirmedId: string;
  sentProviderId: string;
  noteId: string;
  /** Two of a colleague, and one of the owner. */
  heldIds: readonly [string, string, string];
  /** Of the file that came with `inboundId`. */
  mediaId: string;
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
  threemaChannelId: string;
  conversations: Record<SpotName, ConversationInWorld>;
  keys: Record<KeyName, { id: string; secret: string }>;
  sessions: Partial<Record<MemberName, string>>;
  refreshToken: string;
  /** Of the issuer that the workspace may name. */
  issuer: { url: string; audience: string; idToken: string; newIdToken(): Promise<string> };
  deadLetterId: string;
  webhookEventId: string;
  templates: Record<'template' | 'unusedTemplate', { id: string }>;
  labels: Record<'label' | 'unusedLabel', { id: string }>;
  /** Of everybody. */
  cannedResponseId: string;
  macroId: string;
  views: Record<'shared' | 'own', { id: string }>;
  invitationToken: string;
  /** Both may be put in force. */
  priceBooks: Record<'draft' | 'other', string>;
  costExportId: string;
  reconciliations: Record<'draft' | 'other', string>;
  budgets: Record<'kept' | 'archived', string>;
  alertId: string;
  alertDestinationId: string;
  /** The key of an own one. */
  consentPurpose: string;
  erasure: { id: string; reference: string };
  legalHoldId: string;
  /** One that waits for its person, and one whose archive is there. */
  accessRequest: { id: string; readyId: string };
  /** The hash of a text of that. */
  consentText: string;
  contactAttribute: string;
  contactLabelId: string;
  contactNoteId: string;
  contactFileId: string;
  /** That the owner brought and gave to nobody. */
  contactUploadId: string;
  segmentId: string;
  clickToChatLinks: Record<'kept' | 'archived', string>;
  /** Two people of one address, and two of whom one was made. */
  twins: { keptId: string; mergedId: string; version: string; mergeId: string };
  newsletters: Record<'DRAFT' | 'DISCARDED' | 'SCHEDULED' | 'RUNNING' | 'PAUSED' | 'HELD', string>;
  jobId: string;
  /** A file to be imported. */
  uploadId: string;
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
export async function buildWorld(stack: TestStack, provider: ProviderStub): Promise<World> {
  const { databaseUrls, secrets } = stack.deployment;
  const sql = {} as World['sql'];
  const databases = {} as Record<DatabaseName, Database>;
  for (const service of DATABASES) {
    sql[service] = new pg.Pool({ connectionString: databaseUrls[service], max: 2 });
    const url = databaseUrls[service];
    // All of this is one process, in which hundreds of subscriptions are told of what happens.
    databases[service] = await openDatabase({ service, url, poolSize: 1, connectTimeoutMs: 60_000, entities: [], log });
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
      await provider.stop();
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
    place.uploadId = await uploadFile(world, name, place);
    place.twins = await makeTwins(world, name);
    await areKnown(world, Object.values(place.keys));
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

    await insert(
      'conversation',
      'member',
      ...MEMBER_NAMES.map((name) => ({
        id: members[name].id,
        name: members[name].name,
        status: name === 'invited' ? 'INVITED' : 'ACTIVE',
        permissions: ['conversation:read'],
      })),
    );

    await insert('conversation', 'availability', {
      member_id: members.colleague.id,
      choice: 'ONLINE',
      seen_at: now,
      told_status: 'OFFLINE',
      told_since: now,
    });
    await insert('conversation', 'agent_capacity', { member_id: members.colleague.id, capacity: 300 });

    const audience = canary('audience');
    const address = `https://${randomBytes(6).toString('hex')}.example.test`;
    const named = {
      issuer: address,
      audience: canary('audience'),
      jwks_uri: `${address}/${canary('keys').replace(' ', '-')}`,
    };
    await insert('identity', 'oidc_issuer', { ...named, updated_at: now });
    const newIdToken = () => {
      const exp = Math.floor((Date.now() + HOUR_MS) / 1_000);
      return issuer.token({ aud: audience, email: members.colleague.email, exp }, { at: new Date() });
    };
    const idToken = await newIdToken();

    const channels = [0, 1, 2].map(() => ({ id: oldId() }));
    const threema = { id: oldId(), appId: oldId(), gatewayId: `*${digits(7)}` };
    const appId = digits(15);
    await insert('channels', 'provider_app', {
      app_id: appId,
      kind: 'WHATSAPP_CLOUD',
      secrets: [],
      verify_token_hash: hex(randomBytes(32)),
      created_at: now,
    });
    await insert('channels', 'provider_app', {
      app_id: threema.appId,
      kind: 'THREEMA',
      secrets: [],
      created_at: now,
    });
    const channelNames = channels.map(() => canary('channel'));
    const numbers = channels.map(() => {
      const [phoneNumberId, wabaId] = [digits(15), digits(15)];
      const apiBaseUrl = `${provider.url}/${canary('base').replace(' ', '-')}`;
      const settings = { apiBaseUrl, apiVersion: 'v26.0', phoneNumberId, wabaId };
      return { address: phoneNumberId, account: wabaId, settings };
    });
    const accountIds = numbers.map(({ account }) => account);
    // Read tomorrow: what the provider lists meanwhile is older. Before its channels, or their service would begin.
    const read = { read_at: later, next_try_at: later };
    await insert('channels', 'template_account', ...accountIds.map((id) => ({ account_id: id, ...read })));
    const wanted = { granularity: 'DAILY', wanted_at: now, ...read };
    const reading = accountIds.map((id) => ({ account_id: id, month: '2026-10', ...wanted }));
    await insert('channels', 'analytics_reading', ...reading);
    await insert(
      'conversation',
      'channel',
      ...channels.map(({ id }, index) => ({ id, name: channelNames[index], account_id: accountIds[index] })),
    );
    await insert('identity', 'channel', ...channels.map(({ id }) => ({ id })));
    await insert(
      'channels',
      'channel',
      ...channels.map(({ id }, index) => ({
        id,
        kind: 'WHATSAPP_CLOUD',
        name: channelNames[index],
        ...numbers[index],
        display_phone_number: `+4930${digits(8)}`,
        app_id: appId,
        secrets: hex(sealSecrets(Buffer.from(secrets.secretKey, 'base64'), id, { accessToken: canary('token') })),
        currency: 'EUR',
        time_zone: 'Europe/Berlin',
        created_at: now,
        refreshed_at: now,
        state_reason: canary('state'),
      })),
    );
    await insert('channels', 'channel', {
      id: threema.id,
      kind: 'THREEMA',
      name: canary('channel'),
      address: threema.gatewayId,
      settings: { apiBaseUrl: provider.url, gatewayId: threema.gatewayId, appId: threema.appId },
      app_id: threema.appId,
      secrets: hex(
        sealSecrets(Buffer.from(secrets.secretKey, 'base64'), threema.id, {
          apiSecret: canary('token'),
          privateKey: STUB_PRIVATE_KEY,
        }),
      ),
      created_at: now,
      refreshed_at: now,
    });
    const webhookEventId = oldId();
    const raw = JSON.stringify({ object: 'whatsapp_business_account', entry: [], note: canary('raw') });
    const bodyHash = hash('sha256', raw);
    await insert('channels', 'webhook_event', {
      id: webhookEventId,
      body_hash: hex(Buffer.from(bodyHash, 'hex')),
      received_at: now,
      app_id: appId,
      body: hex(seal(Buffer.from(secrets.secretKey, 'base64'), raw, bodyContext(bodyHash))),
      item_count: 1,
      fields: [canary('field')],
      subjects: [canary('subject')],
      outcome: 'KEPT',
    });
    for (const { id } of channels) {
      const ofChannel = { channel_id: id };
      const recipient = { recipient_hash: hex(randomBytes(16)) };
      await insert('channels', 'channel_delivery', { ...ofChannel, full_at: 0 });
      await insert('channels', 'pair_limit', { ...ofChannel, ...recipient, full_at: 0 });
      await insert('channels', 'portfolio_recipient', {
        portfolio_id: canary('portfolio'),
        ...recipient,
        written_at: now,
      });
      const facts = { verifiedName: canary('verified'), profile: { about: canary('about') } };
      // Of tomorrow: what the provider is asked for meanwhile is older.
      const asOf = new Date(Date.now() + 24 * HOUR_MS).toISOString();
      for (const [name, value] of Object.entries(facts))
        await insert('channels', 'channel_fact', { ...ofChannel, name, value, as_of: asOf });
    }

    const templates = await insertTemplates(insert, accountIds[0]!, provider.answers);

    const teams = { team: { id: oldId() }, otherTeam: { id: oldId() }, emptyTeam: { id: oldId() } };
    for (const [name, { members: memberNames, channels: indexes }] of Object.entries(TEAMS)) {
      const { id } = teams[name as TeamName];
      await insert('identity', 'team', { id, name: canary('team'), created_at: now });
      await insert('conversation', 'team', { id });
      if (memberNames.length === 0) continue;
      for (const service of ['identity', 'conversation'] as const) {
        await insert(
          service,
          'team_member',
          ...memberNames.map((each) => ({ team_id: id, member_id: members[each].id })),
        );
        await insert(
          service,
          'team_channel',
          ...indexes.map((index) => ({ team_id: id, channel_id: channels[index]!.id })),
        );
      }
    }

    const routed = { team_id: teams.emptyTeam.id };
    await insert('conversation', 'team_routing', { ...routed, mode: 'LEAST_BUSY', returning_minutes: 7 });
    await insert('conversation', 'routing_turn', { ...routed, member_id: members.colleague.id, turn: 12 });

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
          unconfirmedId: oldId(),
          sentProviderId: `wamid.${randomBytes(9).toString('hex')}`,
          noteId: oldId(),
          heldIds: [oldId(), oldId(), oldId()],
          mediaId: oldId(),
        },
      ]),
    ) as Place['conversations'];
    const labels = { label: { id: oldId() }, unusedLabel: { id: oldId() } };
    const drawn = () => ({ name: canary('label'), colour: '#c0ffee', created_at: now });
    await insert('conversation', 'label', ...Object.values(labels).map(({ id }) => ({ id, ...drawn() })));
    for (const conversation of Object.values(conversations)) {
      await insertConversation(insert, conversation, {
        workspaceId,
        now,
        labelId: labels.label.id,
        later,
        authorId: members.agentOfTeam.id,
        mentionedIds: MENTIONED.map((member) => members[member].id),
      });
    }
    const cannedResponseId = oldId();
    const texts = () => ({
      shortcut: canary('shortcut').replace(' ', '-'),
      title: canary('title'),
      body: canary('canned'),
      created_at: now,
      updated_at: now,
    });
    await insert(
      'conversation',
      'canned_response',
      { ...texts(), id: cannedResponseId, sharing: 'EVERYBODY', owner_id: null },
      ...(['owner', 'agentOfTeam', 'agentOfOtherTeam'] as const).map((member) => ({
        ...texts(),
        id: oldId(),
        sharing: 'PERSONAL',
        owner_id: members[member].id,
      })),
    );
    const views = { shared: { id: oldId() }, own: { id: oldId() } };
    const view = { filter: {}, created_at: now };
    await insert(
      'conversation',
      'saved_view',
      { ...view, ...views.shared, owner_id: null, name: canary('view') },
      { ...view, ...views.own, owner_id: members.agentOfTeam.id, name: canary('view') },
    );
    const macroId = oldId();
    const macro = () => ({
      name: canary('macro'),
      steps: [{ kind: 'NOTE', text: canary('step') }],
      created_at: now,
      updated_at: now,
    });
    await insert(
      'conversation',
      'macro',
      { ...macro(), id: macroId, sharing: 'EVERYBODY', owner_id: null },
      ...(['owner', 'agentOfTeam', 'agentOfOtherTeam'] as const).map((member) => ({
        ...macro(),
        id: oldId(),
        sharing: 'PERSONAL',
        owner_id: members[member].id,
      })),
    );
    const settings = channels.map(({ id }) => ({ channel_id: id, reopen_within_hours: 12 }));
    await insert('conversation', 'channel_setting', ...settings);
    const hours = channels.map(({ id }) => ({
      channel_id: id,
      time_zone: 'Europe/Berlin',
      weekly: [],
      exceptions: [{ date: '2026-12-24', intervals: [], name: canary('holiday') }],
    }));
    await insert('conversation', 'business_hours', ...hours);
    // Where nobody replies: elsewhere these would be in the way.
    const others = Object.entries(conversations).filter(([name]) => name !== 'ofTeamAssigned');
    await insert(
      'conversation',
      'claim',
      ...others.map(([, { id }]) => ({
        conversation_id: id,
        holder_kind: 'member',
        holder_id: members.agentOfTeam.id,
        taken_at: now,
        expires_at: later,
        seconds: 60,
        reason: canary('claim reason'),
      })),
    );
    await insert(
      'conversation',
      'control',
      ...others.map(([name, { id }]) => ({
        conversation_id: id,
        controller_kind: 'api_key',
        controller_id: oldId(),
        since: now,
        summary: canary('summary'),
        offered_to_kind: name === 'ofTeamOpen' ? 'human' : 'api_key',
        offered_to_id: name === 'ofTeamOpen' ? null : oldId(),
        offered_by_kind: 'api_key',
        offered_by_id: oldId(),
        offer_summary: canary('offer'),
        offered_at: now,
      })),
    );
    await insert(
      'conversation',
      'draft',
      ...others.map(([, { id }]) => ({
        conversation_id: id,
        version: 1,
        text: canary('draft'),
        edited_by_kind: 'member',
        edited_by_id: members.colleague.id,
        edited_at: now,
        announced_version: 1,
        announced_at: now,
      })),
    );
    const held = {
      type: 'text',
      payload: null,
      author_kind: 'member',
      author_id: members.colleague.id,
      state: 'HELD',
      held_at: now,
      expires_at: later,
      ended_at: null,
      decided_by_id: null,
      reason: null,
    };
    await insert(
      'conversation',
      'held_message',
      ...Object.values(conversations).flatMap(({ id, threadId, heldIds }) => {
        const each = () => ({
          ...held,
          conversation_id: id,
          thread_id: threadId,
          budget_id: oldId(),
          text: canary('held'),
        });
        return [
          { ...each(), id: heldIds[0] },
          { ...each(), id: heldIds[1] },
          { ...each(), id: heldIds[2], author_id: members.owner.id },
          {
            ...each(),
            id: oldId(),
            payload: { outgoing: { kind: 'text', body: canary('held'), previewUrl: true } },
            state: 'DECLINED',
            ended_at: now,
            decided_by_id: members.owner.id,
            reason: canary('declined'),
          },
        ];
      }),
    );
    const quota = { api_key_id: oldId(), action: canary('action'), resource: canary('resource'), count: 3 };
    await insert('conversation', 'api_key_quota', { ...quota, window_start: now });
    const { contactId } = conversations.ofTeamAssigned;
    const erasure = await insertErasure(insert, now);
    const legalHoldId = await insertRetention(insert, members.owner.id);
    const accessRequest = await insertAccessRequests(insert, now);
    const consentPurpose = `own_${randomBytes(6).toString('hex')}`;
    const prices = readFileSync(new URL('../../services/billing/data/rates.csv', import.meta.url), 'utf8');
    const inForce = { version: randomBytes(32).toString('hex'), based_on: hash('sha256', prices) };
    const book = { content: prices, rate_count: 786, imported_by: members.colleague.id, imported_at: now };
    const decided = { decided_by: members.owner.id, decided_at: now, applied_at: now };
    await insert('billing', 'workspace_price_book', {
      id: oldId(),
      state: 'ACTIVE',
      note: canary('note'),
      ...inForce,
      ...book,
      ...decided,
    });
    // Else billing works it out, some time in between; before it knows of a channel it does not.
    await insert('billing', 'usual_cost_turn', { worked_out_at: now });
    for (const { id } of channels) {
      await insert('billing', 'charged_channel', { id, currency: 'EUR', time_zone: 'Europe/Berlin' });
    }
    await insert('billing', 'shipped_price_book', { version: inForce.version });
    const priceBooks = { draft: oldId(), other: oldId() };
    for (const draftId of Object.values(priceBooks)) {
      await insert('billing', 'workspace_price_book', {
        id: draftId,
        state: 'DRAFT',
        note: canary('note'),
        version: randomBytes(32).toString('hex'),
        based_on: inForce.version,
        ...book,
      });
    }
    const costExportId = oldId();
    const file = { state: 'PENDING', name: canary('file'), created_at: now, expires_at: later };
    await insert('billing', 'stored_file', { id: oldId(), ...file });
    await insert('billing', 'job', {
      id: costExportId,
      kind: 'COST_EXPORT',
      settings: { period: { from: '2026-11-01', to: '2026-11-30' }, columns: 'LEDGER', format: 'CSV' },
      ...aRunningJob,
      created_by_kind: 'member',
      created_by_id: members.owner.id,
      created_at: now,
    });
    await insert('billing', 'volume_tier', {
      portfolio: digits(12),
      market: canary('market'),
      category: canary('category'),
      month: '2026-09',
      tier_from: 2,
      since: now,
      applied_at: now,
    });
    const reconciliations = { draft: oldId(), other: oldId() };
    const analytics = { account_id: canary('account'), month: '2026-09', currency: 'EUR' };
    for (const month of ['2026-09', '2026-10']) {
      const readingId = oldId();
      const counted = { market: canary('market'), category: canary('category'), messages: 3, cost_micros: digits(8) };
      const readAs = { ...analytics, month, reading_id: readingId };
      await insert('billing', 'analytics_reading', { ...readAs, granularity: 'DAILY', read_at: now });
      const { currency: _, ...figure } = readAs;
      await insert('billing', 'analytics_figure', {
        ...figure,
        starts_at: now,
        channel_id: channels[0]!.id,
        ...counted,
      });
      if (month === '2026-10') continue;
      const { market, category, messages, cost_micros } = counted;
      const line = {
        id: `${market}|${category}|`,
        market,
        category,
        freeReason: null,
        ledger: { messages: 0, amountMicros: 0 },
        provider: { messages, amountMicros: Number(cost_micros) },
        explanations: [],
      };
      for (const id of Object.values(reconciliations)) {
        await insert('billing', 'reconciliation', {
          id,
          month,
          currency: 'EUR',
          against: 'ANALYTICS',
          note: canary('note'),
          lines: [line],
          state: 'DRAFT',
          proposed_by: members.colleague.id,
          proposed_at: now,
        });
      }
    }
    await insert('billing', 'token_usage', {
      month: '2026-09',
      currency: 'USD',
      id: oldId(),
      tokens: Number(digits(8)),
      source: 'INVOICE',
      note: canary('note'),
      standing: [],
      version: 1,
      recorded_by: members.colleague.id,
      recorded_at: now,
    });
    await insert('billing', 'invoice', {
      id: oldId(),
      month: '2026-10',
      currency: 'EUR',
      version: randomBytes(32).toString('hex'),
      note: canary('note'),
      lines: [],
      imported_by: members.colleague.id,
      imported_at: now,
    });
    const budgets = { kept: oldId(), archived: oldId() };
    for (const budgetId of Object.values(budgets)) {
      await insert('billing', 'budget', {
        id: budgetId,
        name: canary('budget'),
        currency: 'EUR',
        limit_micros: Number(digits(9)),
        warn_percents: [80],
        at_limit: 'WARN',
        created_by: members.owner.id,
        created_at: now,
      });
    }
    await insert('billing', 'budget_month', {
      budget_id: budgets.kept,
      month: '2026-10',
      spent_micros: Number(digits(8)),
    });
    await insert('billing', 'allowance_month', { channel_id: channels[0]!.id, month: '2026-10', taken: 7, charged: 0 });
    const [alertId, alertDestinationId] = [oldId(), oldId()];
    const facts = { kind: 'BUDGET_WARNING', budgetId: budgets.kept, spentMicros: 1, limitMicros: 2, currency: 'EUR' };
    await insert('billing', 'alert', { id: alertId, kind: facts.kind, cause: canary('cause'), facts, raised_at: now });
    await insert('billing', 'alert_destination', {
      id: alertDestinationId,
      kind: 'EMAIL',
      address: `${canary('finance').replaceAll(' ', '_')}@alerts.example.test`,
      alerts: [],
      language: 'EN',
      created_by: members.owner.id,
      created_at: now,
    });
    await insert('billing', 'alert_delivery', {
      alert_id: alertId,
      destination_id: alertDestinationId,
      state: 'DELIVERED',
      problem: canary('problem'),
      settled_at: now,
    });
    await insert('billing', 'usual_conversation_cost', {
      currency: 'EUR',
      median_micros: Number(digits(8)),
      conversations: 1,
      since: now,
    });
    const over = { month: '2026-10', until: new Date(0) };
    await insert('conversation', 'allowance_end', { channel_id: channels[0]!.id, ...over });
    await insert('conversation', 'budget_stop', { budget_id: budgets.kept, ...over });
    await insert('billing', 'closed_period', {
      month: '2026-08',
      last_day: '2026-08-31',
      closed_by: members.owner.id,
      closed_at: now,
    });
    const consentText = randomBytes(32).toString('hex');
    await insertConsent(insert, sql.contacts, {
      conversation: conversations.ofTeamAssigned,
      purpose: consentPurpose,
      textHash: consentText,
      authorId: members.owner.id,
      now,
    });
    const contactFields = await insertContactFields(insert, {
      contactId,
      channelId: channels[0]!.id,
      authorId: members.owner.id,
      consentText,
      now,
    });
    await insert('channels', 'marketing_stop', { thread_id: conversations.ofTeamAssigned.threadId, seq: 7 });
    await insert('channels', 'newsletter_stop', { newsletter_id: oldId(), seq: 7 });
    await insert('contacts', 'contact_alias', { id: oldId(), contact_id: contactId, created_at: now });
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
      threemaChannelId: threema.id,
      conversations,
      keys: {} as Place['keys'],
      sessions: {},
      refreshToken: '',
      issuer: { url: issuer.url, audience, idToken, newIdToken },
      labels,
      views,
      deadLetterId: deadLetters['channels']!,
      webhookEventId,
      templates,
      cannedResponseId,
      macroId,
      invitationToken: token,
      consentPurpose,
      erasure,
      legalHoldId,
      accessRequest,
      consentText,
      priceBooks,
      costExportId,
      reconciliations,
      budgets,
      alertId,
      alertDestinationId,
      ...contactFields,
      twins: { keptId: '', mergedId: '', version: '', mergeId: '' },
      uploadId: '',
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
/** The same at the provider, which lists them. */
async function insertTemplates(
  insert: Insert,
  accountId: string,
  answers: Map<string, object>,
): Promise<Place['templates']> {
  const templates = { template: { id: oldId() }, unusedTemplate: { id: oldId() } };
  const now = new Date(Date.now() - HOUR_MS).toISOString();
  const listed: object[] = [];
  for (const { id } of Object.values(templates)) {
    const name = canary('t').replace(' ', '_');
    const text = canary('template');
    const about = { name, language: 'de', status: 'APPROVED', category: 'UTILITY', parameter_format: 'POSITIONAL' };
    const definition = { body: { text, examples: [] }, buttons: [], unknownParts: [] };
    const providerId = digits(15);
    listed.push({ ...about, id: providerId, components: [{ type: 'BODY', text }], quality_score: { score: 'GREEN' } });
    await insert('conversation', 'template', { id, account_id: accountId, ...about, definition });
    await insert('channels', 'template', {
      id,
      account_id: accountId,
      ...about,
      definition,
      provider_template_id: providerId,
      rejection: { reason: canary('rejection') },
      quality: 'GREEN',
      created_at: now,
      changed_at: now,
      told_at: new Date().toISOString(),
    });
  }
  answers.set(`GET ${accountId}/message_templates`, { data: listed });
  answers.set(`POST ${accountId}/message_templates`, { id: digits(15), status: 'PENDING', category: 'UTILITY' });
  return templates;
}

type Insert = (service: DatabaseName, table: string, ...rows: object[]) => Promise<void>;

async function insertContactFields(
  insert: Insert,
  {
    contactId,
    channelId,
    authorId,
    consentText,
    now,
  }: Record<'contactId' | 'channelId' | 'authorId' | 'consentText' | 'now', string>,
): Promise<
  Pick<
    Place,
    | 'contactAttribute'
    | 'contactLabelId'
    | 'contactNoteId'
    | 'contactFileId'
    | 'contactUploadId'
    | 'jobId'
    | 'segmentId'
    | 'newsletters'
    | 'clickToChatLinks'
  >
> {
  const [contactLabelId, contactNoteId, segmentId] = [oldId(), oldId(), oldId()];
  const contactAttribute = `own_${randomBytes(6).toString('hex')}`;
  const kept = { purpose: canary('purpose'), retention_class: 'PREFERENCE', created_at: now };
  await insert('contacts', 'contact_attribute', {
    key: contactAttribute,
    name: canary('attribute'),
    type: 'TEXT',
    ...kept,
  });
  const value = { contact_id: contactId, key: contactAttribute, value: canary('value'), changed_at: now };
  await insert('contacts', 'contact_attribute_value', value);
  const label = { id: contactLabelId, name: canary('contact label'), colour: '#0e8a16', created_at: now };
  await insert('contacts', 'contact_label', label);
  const labelled = { contact_id: contactId, label_id: contactLabelId, set_by_kind: 'member', set_at: now };
  await insert('contacts', 'labelled_contact', { ...labelled, set_by_id: authorId });
  const note = { contact_id: contactId, author_id: authorId, text: canary('note'), created_at: now };
  await insert('contacts', 'contact_note', { id: contactNoteId, ...note });
  const [contactFileId, contactUploadId] = [oldId(), oldId()];
  for (const id of [contactFileId, contactUploadId]) {
    const brought = { mime_type: 'text/plain', announced_bytes: 10, announced_by: authorId, size_bytes: 10 };
    // After the erasure of this world, which ends files of before that nobody has given to a contact yet.
    const file = { id, state: 'READY', name: canary('file'), object_key: canary('object'), created_at: 'infinity' };
    await insert('contacts', 'stored_file', { ...file, ...brought, expires_at: 'infinity' });
  }
  await insert('contacts', 'contact_file', {
    id: contactFileId,
    contact_id: contactId,
    name: canary('file'),
    mime_type: 'text/plain',
    size_bytes: 10,
    purpose: canary('purpose'),
    retention_class: 'CONTRACT',
    added_by_kind: 'member',
    added_by_id: authorId,
    added_at: now,
  });
  const filter = { languages: [canary('segment language')] };
  const segment = { id: segmentId, name: canary('segment'), filter, created_at: now, updated_at: now };
  await insert('contacts', 'segment', segment);
  const newsletters = {
    DRAFT: oldId(),
    // A draft that nobody needs.
    DISCARDED: oldId(),
    SCHEDULED: oldId(),
    RUNNING: oldId(),
    PAUSED: oldId(),
    // By a budget, and made by somebody else.
    HELD: oldId(),
  };
  const content = { templateId: oldId(), body: [{ text: canary('newsletter') }], buttons: [] };
  const about = { channel_id: channelId, segment_id: segmentId, filter, content };
  const made = { created_by_kind: 'member', created_by_id: authorId, created_at: now };
  for (const [name, id] of Object.entries(newsletters)) {
    const state = name === 'DISCARDED' ? 'DRAFT' : name === 'HELD' ? 'PAUSED' : name;
    const held = name === 'HELD' ? { paused_because: 'BUDGET_HELD', created_by_id: oldId() } : {};
    await insert('contacts', 'newsletter', { id, name: canary('newsletter'), ...about, state, ...made, ...held });
  }
  const chatUrl = `https://wa.me/4930${randomInt(10_000_000, 100_000_000)}?text=`;
  const told = { account_id: 'waba', status: 'APPROVED', category: 'MARKETING', parameter_format: 'POSITIONAL' };
  await insert('contacts', 'newsletter_template', { id: oldId(), ...told });
  await insert('contacts', 'newsletter_opt_out_words', { words: [] });
  await insert('contacts', 'sending_channel', { id: channelId, messages_per_second: 0, chat_url: chatUrl });
  const clickToChatLinks = { kept: oldId(), archived: oldId() };
  for (const id of Object.values(clickToChatLinks)) {
    const shown = { name: canary('link'), campaign: canary('campaign'), text: canary('link text') };
    const of = { code: linkCode(), channel_id: channelId, locale: 'de', text_hash: consentText, created_at: now };
    await insert('contacts', 'click_to_chat_link', { id, ...shown, ...of, announced_at: now });
  }
  const use = { message_id: oldId(), link_id: clickToChatLinks.kept, contact_id: contactId, used_at: now };
  await insert('conversation', 'click_to_chat_link', { id: oldId(), code: linkCode(), is_active: true });
  await insert('contacts', 'click_to_chat_use', { ...use, conversation_id: oldId(), began_conversation: true });
  const dueAt = new Date(Date.now() + 24 * HOUR_MS);
  const recipient = { newsletter_id: newsletters.RUNNING, contact_id: contactId, channel_id: channelId, due_at: dueAt };
  await insert('contacts', 'newsletter_recipient', { id: oldId(), ...recipient, state: 'PENDING' });
  await insert('conversation', 'newsletter', { id: oldId(), channel_id: oldId(), content, created_by_id: oldId() });
  const written = { last_inbound_at: now, window_expires_at: now };
  const thread = { thread_id: oldId(), contact_id: contactId, channel_id: oldId() };
  await insert('contacts', 'contact_thread', { ...thread, ...written });
  const jobId = oldId();
  const job = { id: jobId, kind: 'CONTACT_IMPORT', settings: {}, ...aRunningJob };
  const by = { created_by_kind: 'member', created_by_id: authorId, created_at: now };
  await insert('contacts', 'job', { ...job, ...by });
  const rows = [[1, 'REFUSED', null, canary('column'), canary('problem')]];
  await insert('contacts', 'import_report', { job_id: jobId, first_row: 1, rows });
  await insert('contacts', 'import_key', { job_id: jobId, key: canary('key') });
  const [one, other] = [oldId(), oldId()].toSorted();
  const distinction = { contact_id: one, other_id: other, made_at: now, made_by_kind: 'member' };
  await insert('contacts', 'contact_distinction', distinction);
  return {
    contactAttribute,
    contactLabelId,
    contactNoteId,
    contactFileId,
    contactUploadId,
    jobId,
    segmentId,
    newsletters,
    clickToChatLinks,
  };
}

function linkCode(): string {
  return Array.from({ length: 8 }, () => 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'[randomInt(32)]).join('');
}

/** Nobody takes it up, so nobody ends it. */
const aRunningJob = { state: 'RUNNING', position: 0, counts: {}, attempts: 0 };
/** Two who want a copy of their data: one has still to show who they are, the other's archive is there. */
async function insertAccessRequests(insert: Insert, now: string): Promise<Place['accessRequest']> {
  const ids = { id: oldId(), readyId: oldId() };
  const asked = { language: 'de', opened_at: now, opened_by_kind: 'member', received_at: now };
  const dueAt = new Date(Date.now() + 86_400_000).toISOString();
  const request = (id: string, state: string) => ({
    ...asked,
    id,
    state,
    due_at: dueAt,
    reference: canary('reference').toUpperCase(),
    contact_id: oldId(),
    code_word: canary('code'),
    code_refusal: canary('refusal'),
    extension_reason: canary('reason'),
    confirmation_reason: canary('reason'),
    refusal_reason: canary('reason'),
    public_key: canary('key'),
  });
  await insert('contacts', 'access_request', request(ids.id, 'AWAITING_IDENTITY'));
  await insert('contacts', 'access_request', { ...request(ids.readyId, 'READY'), file_id: oldId(), found: [] });
  const part = { request_id: oldId(), service: 'conversation' };
  await insert('contacts', 'access_part', {
    ...part,
    seq: 1,
    kind: 'messages',
    count: 1,
    sealed: hex(randomBytes(32)),
  });
  await insert('contacts', 'access_collected', part);
  const code = { contact_id: oldId(), request_id: oldId(), code_word: canary('code'), expires_at: dueAt };
  await insert('conversation', 'access_code', code);
  return ids;
}

/** Somebody is held, and retention is paused: nothing of the world is removed. */
async function insertRetention(insert: Insert, ownerId: string): Promise<string> {
  const legalHoldId = oldId();
  const [contactId, now] = [oldId(), new Date().toISOString()];
  await insert('contacts', 'legal_hold', {
    id: legalHoldId,
    contact_id: contactId,
    contact_ids: [contactId],
    reason: canary('reason'),
    review_on: '2100-01-01',
    set_at: now,
    set_by_kind: 'member',
    set_by_id: ownerId,
  });
  await insert('contacts', 'retention_rule', {
    retention_class: 'MESSAGES',
    months: 36,
    set_at: now,
    set_by_kind: 'member',
    set_by_id: ownerId,
  });
  await insert('contacts', 'retention_pause', {
    reason: canary('reason'),
    paused_at: now,
    paused_by_kind: 'member',
    paused_by_id: ownerId,
  });
  const run = {
    id: oldId(),
    is_dry_run: false,
    state: 'COMPLETED',
    rules: [],
    held_ids: 1,
    digest: randomBytes(32).toString('hex'),
  };
  await insert('contacts', 'retention_run', {
    ...run,
    started_at: now,
    started_by_kind: 'member',
    started_by_id: ownerId,
  });
  await insert('contacts', 'retention_report', { run_id: run.id, service: 'identity', outcome: 'DONE', counts: [] });
  await insert('identity', 'audit_anchor', { seq: 0, hash: hex(Buffer.alloc(32)), pruned_at: now });
  return legalHoldId;
}

/** Somebody whose erasure is planned, and what services keep of erasures. */
async function insertErasure(insert: Insert, now: string): Promise<Place['erasure']> {
  const erasure = { id: oldId(), reference: canary('reference').toUpperCase() };
  const [contactId, threadId] = [oldId(), oldId()];
  const person = { contact_ids: [contactId], person_marks: [canary('mark')] };
  await insert('contacts', 'erasure', {
    ...erasure,
    ...person,
    contact_id: contactId,
    state: 'PLANNED',
    planned_at: now,
    planned_by_kind: 'member',
  });
  const report = { erased: [{ what: 'messages', count: 1 }], kept: [] };
  await insert('contacts', 'erasure_report', {
    erasure_id: erasure.id,
    phase: 'PLAN',
    service: 'conversation',
    report,
  });
  await insert('contacts', 'suppression', {
    mark: canary('mark'),
    channel_id: oldId(),
    identity_kind: 'PHONE',
    identity_id: oldId(),
    stops: [],
    erasure_id: oldId(),
    created_at: now,
  });
  const task = {
    erasure_id: oldId(),
    state: 'DONE',
    ...person,
    thread_ids: [threadId],
    media_ids: [oldId()],
    message_keys: [hex(randomBytes(32))],
    erased_at: new Date().toISOString(),
    cleaned: {},
  };
  for (const service of DATABASES) await insert(service, 'erasure_task', task);
  await insert('channels', 'erased_thread', { thread_id: threadId });
  await insert('channels', 'erasure_object', { erasure_id: task.erasure_id, object_key: canary('object') });
  await insert('conversation', 'erased_contact', { contact_id: contactId });
  return erasure;
}

async function insertConsent(
  insert: Insert,
  contacts: pg.Pool,
  {
    conversation: { contactId, channelId, phone, id: conversationId, threadId, inboundId: messageId },
    purpose,
    textHash,
    authorId,
    now,
  }: {
    conversation: ConversationInWorld;
    purpose: string;
    textHash: string;
    authorId: string;
    now: string;
  },
): Promise<void> {
  const [id, identityId, hash] = [oldId(), oldId(), hex(randomBytes(32))];
  const named = { name: canary('purpose'), description: canary('purpose') };
  await insert('contacts', 'consent_purpose', { key: purpose, kind: 'MARKETING', ...named, created_at: now });
  await insert('contacts', 'consent_text', {
    hash: textHash,
    purpose,
    locale: 'de',
    version: 1,
    body: canary('consent text'),
    privacy_notice_url: `https://${randomBytes(6).toString('hex')}.example.test`,
    privacy_notice_version: canary('notice'),
    published_at: now,
    published_by: authorId,
  });
  await insert('contacts', 'consent_event', {
    seq: 1,
    id,
    kind: 'CONFIRMED',
    contact_id: contactId,
    identity_id: identityId,
    identity_kind: 'PHONE',
    channel_id: channelId,
    purpose,
    text_hash: textHash,
    locale: canary('locale'),
    source: 'AGENT',
    evidence_hash: canary('evidence'),
    actor_kind: 'member',
    actor_id: authorId,
    occurred_at: now,
    recorded_at: now,
    key_hash: canary('key'),
    previous_hash: hex(randomBytes(32)),
    hash,
  });
  const evidence = { event_id: id, salt: hex(randomBytes(16)), content: { note: canary('note') } };
  await insert('contacts', 'consent_evidence', evidence);
  await insert('contacts', 'consent_head', { seq: 1, hash });
  const { rows } = await contacts.query<{ id: string }>('select id from consent_signing_key limit 1');
  const signed = { key_id: rows[0]!.id, signature: hex(randomBytes(64)), signed_at: now };
  await insert('contacts', 'consent_signature', { seq: 1, hash, ...signed });
  await insert('contacts', 'consent_state', {
    identity_id: identityId,
    purpose,
    contact_id: contactId,
    channel_id: channelId,
    state: 'CONFIRMED',
    is_granted: true,
    since: now,
    event_id: id,
  });
  await insert('contacts', 'data_controller', {
    name: canary('controller'),
    address: canary('address'),
    email: `${randomBytes(6).toString('hex')}@controller.example.test`,
    privacy_officer: canary('officer'),
    jurisdiction: 'DE',
    updated_at: now,
  });
  await insert('contacts', 'consent_receipt', {
    id: randomUUID(),
    contact_id: contactId,
    identity_id: identityId,
    purpose,
    channel_id: channelId,
    last_seq: 0,
    key_id: rows[0]!.id,
    jws: canary('receipt'),
    issued_at: now,
  });
  await insert('conversation', 'consent', {
    contact_id: contactId,
    channel_id: channelId,
    identity_kind: 'PHONE',
    identity_value: phone,
    purpose,
    purpose_kind: 'MARKETING',
    state: 'CONFIRMED',
    is_granted: true,
    since: now,
  });
  await insert('conversation', 'opt_out_text', { locale: 'de', text: canary('text') });
  await insert('conversation', 'opt_out_words_told', { told_at: now });
  await insert('conversation', 'opt_out_word', { word: canary('word'), is_everyday: false, is_active: true });
  for (const asked of [purpose, 'marketing']) {
    await insert('conversation', 'consent_text', {
      purpose: asked,
      locale: 'de',
      purpose_kind: 'MARKETING',
      version: 1,
      hash: randomBytes(32).toString('hex'),
      body: canary('consent text'),
      privacy_notice_url: `https://${randomBytes(6).toString('hex')}.example.test`,
      privacy_notice_version: canary('notice'),
      is_asked: true,
    });
  }
  await insert('conversation', 'consent_request', {
    id: oldId(),
    thread_id: threadId,
    conversation_id: conversationId,
    purpose,
    text_hash: randomBytes(32).toString('hex'),
    locale: canary('locale'),
    message_id: messageId,
    asked_at: now,
    expires_at: now,
    answer: 'EXPIRED',
    answered_at: now,
  });
  await insert('conversation', 'privacy_notice_given', {
    thread_id: threadId,
    address_hash: canary('address'),
    version: canary('notice'),
    message_id: messageId,
    given_at: now,
  });
  await insert('contacts', 'consent_text_announcement', { purpose, locale: 'de', announced_at: now });
  await insert('conversation', 'opt_out_question', {
    message_id: messageId,
    conversation_id: conversationId,
    asked_at: now,
  });
}

async function insertConversation(
  insert: Insert,
  conversation: ConversationInWorld,
  {
    now,
    later,
    authorId,
    labelId,
    mentionedIds,
    workspaceId,
  }: Record<'workspaceId' | 'now' | 'later' | 'authorId' | 'labelId', string> & { mentionedIds: string[] },
): Promise<void> {
  const { id, threadId, contactId, channelId, teamId, assigneeId, phone, bsuid } = conversation;
  const { inboundId, failedId, sentId, sentProviderId, unconfirmedId, noteId, mediaId } = conversation;
  const settledId = oldId();
  const username = canary('username').replace(' ', '.');
  const name = canary('contact');
  await insert('contacts', 'contact', {
    id: contactId,
    given_name: name,
    profile_name: canary('profile'),
    email: `${randomBytes(6).toString('hex')}@mail.example.test`,
    address: { street: canary('street') },
    language: `de-x-${randomBytes(4).toString('hex')}`,
    created_at: now,
    updated_at: now,
  });
  await insert(
    'contacts',
    'contact_identity',
    ...Object.entries({
      PHONE: phone,
      BSUID: bsuid,
      PARENT_BSUID: `DE.ENT.${digits(14)}`,
      USERNAME: username,
      THREEMA_ID: digits(8),
    }).map(([kind, value]) => ({
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
    last_seq: 5,
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
    last_seq: 5,
    last_customer_seq: 1,
    last_message_at: now,
    opened_at: now,
  });
  const place = { thread_id: threadId, conversation_id: id, channel_id: channelId };
  const settlement = { settled_as: null, settled_by_kind: null, settled_by_id: null, settled_at: null };
  const unsettled = { ...settlement, resent_as: null, resend_of: null };
  const message = {
    ...unsettled,
    ...place,
    type: 'text',
    payload: { note: canary('payload') },
    sent_at: now,
    created_at: now,
  };
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
      // A document, and so its payload is shown.
      type: 'document',
      payload: { filename: canary('file'), mediaId },
      referral: { sourceType: 'ad', headline: canary('ad'), clickId: canary('click') },
      reactions: { business: { id: oldId(), emoji: '👍', reactedAt: now, status: 'SENT', authorId } },
      edited_at: now,
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
    {
      ...message,
      ...nothing,
      id: unconfirmedId,
      seq: 4,
      direction: 'OUTBOUND',
      text: canary('body'),
      payload: null,
      status: 'UNCONFIRMED',
      provider_message_id: null,
    },
    {
      ...message,
      ...nothing,
      id: settledId,
      seq: 5,
      direction: 'OUTBOUND',
      text: canary('body'),
      status: 'UNCONFIRMED',
      provider_message_id: null,
      settled_as: 'SEND_AGAIN',
      settled_by_kind: 'member',
      settled_by_id: authorId,
      settled_at: now,
      resent_as: sentId,
      resend_of: failedId,
    },
  );
  await insert(
    'conversation',
    'message_version',
    ...[true, false].map((is_original) => ({
      conversation_id: id,
      message_id: inboundId,
      provider_message_id: `wamid.${canary('version')}`,
      type: 'document',
      text: canary('body'),
      payload: { filename: canary('file') },
      written_at: now,
      is_original,
    })),
  );
  await insert('conversation', 'parked_change', {
    channel_id: channelId,
    target_provider_message_id: `wamid.${canary('parked')}`,
    provider_message_id: `wamid.${canary('parked')}`,
    by: 'customer',
    change: { kind: 'edit', type: 'text', text: canary('parked') },
    sent_at: now,
    parked_at: now,
  });
  await insert('conversation', 'parked_status', {
    channel_id: channelId,
    provider_message_id: `wamid.${canary('parked')}`,
    status: 'sent',
    error_code: 1,
    error_title: canary('parked'),
    occurred_at: now,
  });
  await insert('conversation', 'activity', {
    id: oldId(),
    conversation_id: id,
    kind: 'STATUS',
    actor_kind: 'member',
    actor_id: assigneeId,
    before: canary('before'),
    after: canary('after'),
    reason: canary('body'),
    occurred_at: now,
  });
  const setBy = { conversation_id: id, set_by_kind: 'member', set_by_id: authorId, set_at: now };
  await insert('conversation', 'conversation_label', { ...setBy, label_id: labelId });
  await insert('conversation', 'participant', {
    conversation_id: id,
    member_id: authorId,
    cause: 'ADDED',
    added_by_kind: 'member',
    added_by_id: assigneeId,
    added_at: now,
  });
  // Whoever may not see the conversation is told of no mention in it.
  const mentioned = { note_id: noteId, conversation_id: id, created_at: now };
  const note = { conversation_id: id, text: canary('note'), after_seq: 3, created_at: now };
  await insert('conversation', 'note', {
    ...note,
    id: noteId,
    author_id: authorId,
    api_key_id: oldId(),
    mentioned_member_ids: mentionedIds,
  });
  await insert('conversation', 'mention', ...mentionedIds.map((member_id) => ({ ...mentioned, member_id })));
  await insert('conversation', 'contact_name', { contact_id: contactId, name });
  // Words by which it may be looked for: those that "rechnung" finds.
  const entry = { conversation_id: id, channel_id: channelId, occurred_at: now };
  const words = `'rechnung' ':${workspaceId}'`;
  await insert(
    'conversation',
    'search_entry',
    { ...entry, kind: 'MESSAGE', id: inboundId, words },
    { ...entry, kind: 'NOTE', id: noteId, words },
    { ...entry, kind: 'CONTACT', id, words },
  );
  await insert('conversation', 'survey', {
    conversation_id: id,
    asked_at: now,
    expires_at: now,
    score: 4,
    comment: canary('body'),
    answered_at: now,
  });
  await insert('conversation', 'service_level_clock', {
    id: oldId(),
    conversation_id: id,
    target: 'RESOLUTION',
    started_at: now,
    due_at: later,
    state: 'BREACHED',
  });
  await insert('conversation', 'read_cursor', { member_id: authorId, thread_id: threadId, seq: 1 });
  await insert('conversation', 'read_receipt', { thread_id: threadId, seq: 1 });
  await insert('conversation', 'timer', {
    kind: canary('timer'),
    subject_id: oldId(),
    due_at: new Date(Date.now() + 365 * 86_400_000),
  });

  const file = {
    channel_id: channelId,
    kind: 'DOCUMENT',
    state: 'READY',
    mime_type: `application/${canary('type')}`,
    size_bytes: 1_000,
    file_name: canary('file'),
    sha256: hex(randomBytes(32)),
    object_key: canary('object'),
    content_key: hex(randomBytes(32)),
    expires_at: now,
    correlation_id: canary('correlation'),
    created_at: now,
  };
  const uploadedId = oldId();
  await insert(
    'channels',
    'media',
    { ...file, id: mediaId, origin: 'RECEIVED', actor_kind: 'provider', actor_id: null },
    { ...file, id: uploadedId, origin: 'UPLOADED', actor_kind: 'member', actor_id: authorId },
  );
  await insert('channels', 'provider_media', {
    media_id: uploadedId,
    channel_id: channelId,
    provider_media_id: canary('provider'),
    uploaded_at: now,
  });
  await insert('channels', 'provider_media_removal', {
    channel_id: channelId,
    provider_media_id: canary('provider'),
    due_at: new Date(Date.now() + 365 * 24 * HOUR_MS),
  });
  await insert('conversation', 'uploaded_media', {
    id: uploadedId,
    channel_id: channelId,
    uploaded_by_id: authorId,
    kind: 'DOCUMENT',
    mime_type: 'application/pdf',
    size_bytes: 1_000,
    file_name: canary('file'),
  });
  await insert('channels', 'read_receipt', {
    thread_id: threadId,
    channel_id: channelId,
    seq: 1,
    provider_message_id: `wamid.${canary('receipt')}`,
    next_attempt_at: new Date(Date.now() + 365 * 86_400_000),
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
    recipient_hash: hex(randomBytes(16)),
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
    // Of no category that has a rate: by other rules, it is of that which it was sent as.
    pricing: { model: 'PMP', category: canary('category'), type: 'regular' },
    planned_category: canary('category'),
    delivered_at: new Date('2026-11-15T12:00:00Z'),
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
    booked_on: '2026-11-21',
    regime: '2026-10',
    rate_line: 12,
    ...rating,
    recorded_at: now,
  });
  const sums = { currency: 'EUR', messages: 1, expected_micros: 0, expected_messages: 0 };
  await insert('billing', 'conversation_cost', { conversation_id: id, amount_micros, ...sums });
  await insert('billing', 'window_cost', {
    conversation_id: id,
    window_opened_at: now,
    amount_micros: Number(digits(8)),
    ...sums,
  });
  await insert('billing', 'contact_cost', { contact_id: contactId, amount_micros: Number(digits(8)), ...sums });
  await insert('billing', 'cost_by_day', {
    booked_on: '2026-11-21',
    local_date: '2026-11-21',
    channel_id: channelId,
    author_id: authorId,
    template: canary('template'),
    line: 'MESSAGE',
    category: canary('category'),
    market: canary('market'),
    free_reason: canary('reason'),
    amount_micros: Number(digits(8)),
    ...sums,
  });
  const costOfLabel = oldId();
  await insert('billing', 'conversation_label', { conversation_id: id, thread_id: oldId(), label_id: costOfLabel });
  await insert('billing', 'label_cost_by_day', {
    label_id: costOfLabel,
    booked_on: '2026-11-21',
    channel_id: channelId,
    line: 'MESSAGE',
    category: canary('category'),
    amount_micros: Number(digits(8)),
    ...sums,
  });
  await insert('billing', 'conversation_month', {
    booked_month: '2026-11',
    conversation_id: id,
    currency: 'EUR',
    amount_micros: Number(digits(8)),
    messages: 1,
  });
  await insert('billing', 'expected_volume', {
    delivery_month: '2026-11',
    channel_id: channelId,
    market: canary('market'),
    category: canary('category'),
    currency: 'EUR',
    expected_messages: 1,
  });
  await insert('billing', 'meter_slot', { meter: canary('meter'), slot: 0, size: 1, messages: 1 });
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
      windowChange: null,
    });
  }
  await happenIn(world, place, 'onNobodysChannel');
}

/** As a browser would bring it. */
async function makeTwins(world: World, place: PlaceName): Promise<Place['twins']> {
  const does = async <T>(query: string, variables: object) =>
    Object.values(await askAsOwner<Record<string, T>>(world, place, query, { ...variables }))[0]!;
  const meet = async (email: string) => {
    const input = { name: canary('contact'), email, idempotencyKey: oldId() };
    const make = 'mutation ($input: CreateContactInput!) { createContact(input: $input) { ... on Contact { id } } }';
    return (await does<{ id: string }>(make, { input })).id;
  };
  const pairOf = async (one: string, other: string) => {
    const ids = { keptId: await meet(one), mergedId: await meet(other) };
    const preview =
      'query ($keptId: ID!, $mergedId: ID!) { contactMergePreview(keptId: $keptId, mergedId: $mergedId) { version } }';
    return { ...ids, ...(await does<{ version: string }>(preview, ids)) };
  };
  const newEmail = () => `${randomBytes(6).toString('hex')}@mail.example.test`;
  const shared = newEmail();
  const decisions = ['name', 'email'].map((field) => ({ field, choice: 'KEPT' }));
  const input = { ...(await pairOf(newEmail(), newEmail())), decisions, idempotencyKey: oldId() };
  const merge =
    'mutation ($input: MergeContactsInput!) { mergeContacts(input: $input) { ... on ContactsMerged { mergeId } } }';
  return { ...(await pairOf(shared, shared)), ...(await does<{ mergeId: string }>(merge, { input })) };
}

async function uploadFile(world: World, name: PlaceName, { conversations }: Place): Promise<string> {
  const { createContactImportUpload: upload } = await askAsOwner<{
    createContactImportUpload: { id: string; uploadUrl: string };
  }>(
    world,
    name,
    `mutation ($input: CreateImportUploadInput!) {
      createContactImportUpload(input: $input) { ... on ContactImportUpload { id uploadUrl } } }`,
    { input: { fileName: canary('file'), idempotencyKey: canary('key') } },
  );
  const body = `Telefon\n${conversations.ofTeamAssigned.phone}\n`;
  expect((await fetch(upload.uploadUrl, { method: 'PUT', body })).status).toBe(201);
  return upload.id;
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

/** Conversation has heard of them, and would let them be offered control. */
async function areKnown({ sql }: World, keys: readonly { id: string }[]): Promise<void> {
  await eventually(async () => {
    const { rowCount } = await sql.conversation.query('select from api_key where id = any($1)', [
      keys.map(({ id }) => id),
    ]);
    expect(rowCount).toBe(keys.length);
  });
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

/** Straight into the log, a transaction each: in few conversations, because they wait for one another. */
async function sayConsentIn(world: World, place: Place, spot: SpotName): Promise<void> {
  const { threadId, contactId, phone, ...stated } = place.conversations[spot];
  const question = { messageId: stated.inboundId, conversationId: stated.id, threadId };
  await world.emit('conversation', place.workspaceId, optOutAsked, question);
  await world.emit('conversation', place.workspaceId, optOutDecided, { ...question, decision: 'NO_OPT_OUT' });
  await world.emit('conversation', place.workspaceId, threadConsentStated, {
    threadId,
    contactId,
    conversationId: stated.id,
    channelId: stated.channelId,
    identity: { phone },
    kind: 'PLATFORM_STOPPED',
    source: 'PLATFORM',
    statedAt: new Date().toISOString(),
  });
}

/** In this conversation happens all that subscribers hear of. */
export async function happenIn(world: World, place: Place, spot: SpotName): Promise<void> {
  const messageId = await writeIn(world, place, spot);
  const { contactId } = place.conversations[spot];
  await world.emit('contacts', place.workspaceId, jobProgressed, {
    jobId: place.jobId,
    kind: 'CONTACT_IMPORT',
    state: 'RUNNING',
  });
  await world.emit('contacts', place.workspaceId, contactCreated, { contactId });
  await world.emit('contacts', place.workspaceId, segmentChanged, { segmentId: place.segmentId });
  await world.emit('contacts', place.workspaceId, contactUpdated, { contactId, fields: ['name'] });
  const otherId = place.conversations.ofTeamAssigned.contactId;
  await world.emit('contacts', place.workspaceId, contactsMerged, { contactId, mergedId: otherId });
  await world.emit('contacts', place.workspaceId, contactMergeUndone, { contactId, otherId });
  if (spot === 'onNobodysChannel' || spot === 'ofOtherTeamOpen') await sayConsentIn(world, place, spot);
  const {
    id: conversationId,
    channelId,
    failedId,
    sentId,
    sentProviderId,
    inboundId,
    mediaId,
  } = place.conversations[spot];
  const { workspaceId } = place;
  const now = new Date().toISOString();
  for (const [by, target, change] of [
    ['customer', messageId, { kind: 'edit', type: 'text', text: canary('live body') }],
    ['customer', messageId, { kind: 'reaction', emoji: '👍' }],
    // Not what was written just now: who was told of it was told rightly, and of this nothing could be known.
    ['business', failedId, { kind: 'revoke' }],
  ] as const) {
    await world.emit('channels', workspaceId, channelMessageChanged, {
      channelId,
      targetProviderMessageId: await providerIdOf(world, target),
      providerMessageId: `wamid.${canary('change')}`,
      by,
      change,
      sentAt: now,
    });
  }
  await world.emit('channels', workspaceId, channelStatusReceived, {
    channelId,
    providerMessageId: sentProviderId,
    messageId: sentId,
    status: 'delivered',
    occurredAt: now,
    account: { currency: 'EUR', timeZone: 'Europe/Berlin' },
    errors: [],
  });
  await world.emit('channels', workspaceId, channelMediaStored, {
    mediaId,
    channelId,
    providerMessageId: await providerIdOf(world, inboundId),
    mimeType: null,
    sizeBytes: 1_000,
  });
  await world.emit('billing', workspaceId, chargeRecorded, {
    chargeId: oldId(),
    messageId: sentId,
    conversationId,
    amountMicros: Number(digits(8)),
    currency: 'EUR',
    category: canary('category'),
    state: 'RATED',
  });
  await tellOf(world, place, spot);
  await askAsOwner(
    world,
    place === world.here ? 'here' : 'elsewhere',
    'mutation ($id: ID!) { setViewing(conversationId: $id) { __typename } }',
    { id: conversationId },
  );
}

/**
 * What members, rules and time do to a conversation, as the log has it: each kind once, so that subscribers hear of all.
 * Without its leaving for somebody else, which tells its id to those who could see it, and without messages that would be sent.
 */
async function tellOf(
  world: World,
  { workspaceId, conversations, members, teams, labels, templates }: Place,
  spot: SpotName,
) {
  const { id: conversationId, threadId, channelId, teamId, assigneeId, noteId, sentId } = conversations[spot];
  const about = { conversationId, threadId };
  const later = new Date(Date.now() + HOUR_MS).toISOString();
  const colleague = members.colleague.id;
  const tell = <D extends EventDefinition>(event: D, data: EventData<D>) =>
    world.emit('conversation', workspaceId, event, data);
  await tell(conversationStatusChanged, {
    ...about,
    channelId,
    from: 'OPEN',
    to: 'PENDING',
    reason: 'REQUESTED',
    snoozedUntil: null,
  });
  await tell(assignmentChanged, {
    ...about,
    teamId,
    assigneeId,
    previousTeamId: teams.team.id,
    previousAssigneeId: colleague,
    cause: 'MANUAL',
  });
  await tell(conversationLabelsChanged, { ...about, added: [labels.label.id], removed: [labels.unusedLabel.id] });
  await tell(labelCatalogueChanged, { labelId: labels.label.id, change: 'updated' });
  await tell(conversationParticipantsChanged, { ...about, added: [colleague], removed: [members.owner.id] });
  await tell(claimChanged, {
    ...about,
    change: 'taken_over',
    holder: { kind: 'member', id: colleague },
    previousHolder: { kind: 'member', id: members.owner.id },
    expiresAt: later,
  });
  await tell(controlChanged, {
    ...about,
    change: 'offered',
    controller: { kind: 'human' },
    previousController: null,
    offeredTo: { kind: 'human' },
  });
  await tell(draftChanged, { ...about, version: 7, isEmpty: false });
  await tell(heldMessageChanged, { ...about, heldMessageId: conversations[spot].heldIds[0], state: 'HELD' });
  for (const event of [noteAdded, noteEdited, noteDeleted]) await tell(event, { noteId, conversationId });
  await tell(memberMentioned, { noteId, conversationId, memberId: members.agentOfOtherTeam.id });
  await tell(readCursorMoved, { ...about, memberId: members.agentOfTeam.id, seq: 2, unreadFrom: null });
  await tell(messageEchoed, { ...about, messageId: sentId, channelId, seq: 3, type: 'text' });
  await tell(messageDelayed, { ...about, messageId: sentId, seq: 3 });
  await tell(messagesEmptied, { conversationId, sentBefore: later });
  await tell(messagesImported, {
    ...about,
    channelId,
    contactId: conversations[spot].contactId,
    count: 1,
    oldestAt: later,
    newestAt: later,
  });
  await tell(messageSettled, { ...about, messageId: sentId, seq: 3, decision: 'TAKE_AS_SENT' });
  for (const event of [serviceWindowClosing, serviceWindowClosed]) {
    await tell(event, { ...about, kind: 'CUSTOMER_SERVICE', expiresAt: later });
  }
  await tell(serviceWindowChanged, { ...about, kind: 'FREE_ENTRY_POINT', expiresAt: later, change: 'opened' });
  await tell(serviceLevelBreached, { ...about, target: 'FIRST_RESPONSE', dueAt: later });
  await tell(satisfactionRated, { ...about, score: 4 });
  await tell(customerIdentityChanged, { ...about, change: 'NUMBER_CHANGED' });
  await tell(templateCategoryTold, {
    templateId: templates.template.id,
    name: canary('told template'),
    language: 'de',
    from: 'UTILITY',
    to: 'MARKETING',
    phase: 'ANNOUNCED',
    effectiveAt: later,
  });
  const stop = {
    budgetId: oldId(),
    isStopped: true,
    isHeld: false,
    monthEndsAt: later,
    teamId: null,
    category: 'marketing',
  };
  await tell(budgetStopChanged, stop);
  await tell(availabilityChanged, { memberId: colleague, status: 'BUSY' });
}

async function providerIdOf(world: World, messageId: string): Promise<string> {
  const { rows } = await world.sql.conversation.query<{ provider_message_id: string }>(
    'select provider_message_id from message where id = $1',
    [messageId],
  );
  return rows[0]!.provider_message_id;
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
