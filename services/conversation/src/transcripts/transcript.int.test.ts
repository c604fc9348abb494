import type { Permission } from '@fenster/auth';
import { auditEntryRecorded, channelMessageReceived } from '@fenster/contracts';
import { readLog, sql } from '@fenster/database';
import { newId } from '@fenster/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { request } from '../../../../test/support/api-client.js';
import { eventually } from '../../../../test/support/eventually.js';
import { Conversation } from '../conversations/conversation.entity.js';
import { customerMessage, startConversation, type RunningConversation } from '../testing/conversation.js';
import { Message } from '../messages/message.entity.js';
import { entriesStatement, MAX_ENTRIES } from './transcript.queries.js';

const ALL: readonly Permission[] = ['conversation:read', 'conversation:read_all', 'message:read', 'contact:read'];

const AD = { sourceType: 'ad', headline: 'Frühjahrs-Check', clickId: 'click-1' };

let conversation: RunningConversation;
const workspaceId = newId();
let id: string;

beforeAll(async () => {
  conversation = await startConversation();
  const identity = { phone: '+491701111111', profileName: 'Ada' };
  const sentAt = '2026-07-01T22:30:00.000Z';
  await conversation.publish(
    workspaceId,
    channelMessageReceived,
    ...['eins', 'zwei', 'drei'].map((text) =>
      customerMessage(conversation.channelId, { identity, text, sentAt, ...(text === 'eins' && { referral: AD }) }),
    ),
  );
  const em = conversation.database.forTenant(workspaceId);
  await eventually(async () => expect(await em.fork().count(Message)).toBe(3));
  id = (await em.findOneOrFail(Conversation, { workspaceId })).id;
  const token = await conversation.tokenOf(workspaceId, [...ALL, 'conversation:update']);
  await request(conversation.url, `mutation ($input: AddNoteInput!) { addNote(input: $input) { __typename } }`, {
    token,
    variables: { input: { conversationId: id, text: 'unter uns', idempotencyKey: newId() } },
  });
});
afterAll(() => conversation.stop());

interface Part {
  content: string;
  mediaType: string;
  fileName: string;
  nextPart: string | null;
}
async function transcript(variables: Record<string, unknown>, permissions = ALL) {
  const channelIds = [conversation.channelId];
  const token = await conversation.tokenOf(workspaceId, permissions, { channelIds });
  return request<{ conversationTranscript: Part }>(
    conversation.url,
    `query ($id: ID!, $format: TranscriptFormat!, $timeZone: String = "UTC", $withNotes: Boolean = false, $after: String) {
      conversationTranscript(conversationId: $id, format: $format, timeZone: $timeZone, withNotes: $withNotes, after: $after) {
        content mediaType fileName nextPart
      }
    }`,
    { token, variables: { id, format: 'TEXT', ...variables } },
  );
}
const part = async (variables: Record<string, unknown>, permissions = ALL) =>
  (await transcript(variables, permissions)).data.conversationTranscript;

describe('a transcript', () => {
  it('is text in a time zone, with notes only if asked for', async () => {
    const text = await part({ timeZone: 'Europe/Berlin' });
    expect(text).toMatchObject({
      mediaType: 'text/plain; charset=utf-8',
      fileName: `conversation-${id}.txt`,
      nextPart: null,
    });
    expect(text.content.split('\n').slice(4, 7)).toEqual([
      '[2026-07-02T00:30:00+02:00] Ada: eins',
      '[2026-07-02T00:30:00+02:00] Ada: zwei',
      '[2026-07-02T00:30:00+02:00] Ada: drei',
    ]);
    expect(text.content).not.toContain('unter uns');
    expect((await part({ withNotes: true })).content).toMatch(/drei\n.*\(note\): unter uns\n$/);
  });

  it('is JSON, and leaves the name out for those who may not see contacts', async () => {
    const json = await part(
      { format: 'JSON', withNotes: true },
      ALL.filter((each) => each !== 'contact:read'),
    );
    expect(JSON.parse(json.content)).toMatchObject({
      conversation: { id, contactName: null },
      entries: [
        { seq: 1, text: 'eins', from: 'Customer', referral: AD },
        { seq: 2, text: 'zwei' },
        { seq: 3, text: 'drei' },
        { kind: 'NOTE', seq: 3, text: 'unter uns' },
      ],
    });
  });

  it('comes in parts that together are the whole', async () => {
    await sql`
      insert into message (workspace_id, id, thread_id, conversation_id, channel_id, seq, direction, type, text, status, sent_at, created_at)
      select workspace_id, gen_random_uuid(), thread_id, id, channel_id, n, 'INBOUND', 'text', 'Nr. ' || n, 'RECEIVED', now(), now()
      from conversation, generate_series(4, 520) n where id = ${id}
    `.execute(conversation.database.system().getKysely());
    const first = await part({ withNotes: true });
    const second = await part({ withNotes: true, after: first.nextPart });
    expect(second.nextPart).toBeNull();
    const lines = (first.content + second.content).trimEnd().split('\n').slice(4);
    expect(lines).toHaveLength(521);
    expect(lines.map((line) => line.slice(line.indexOf(': ') + 2))).toEqual([
      'eins',
      'zwei',
      'drei',
      'unter uns',
      ...Array.from({ length: 517 }, (_, index) => `Nr. ${index + 4}`),
    ]);
  });

  it('of 50,000 messages comes part by part: none reads or holds more than its own entries', async () => {
    const db = conversation.database.system().getKysely();
    const [long, thread, length] = [newId(), newId(), 50_000];
    await sql`insert into thread (workspace_id, id, channel_id, contact_id, last_seq, created_at)
      values (${workspaceId}, ${thread}, ${conversation.channelId}, ${newId()}, ${length}, now())`.execute(db);
    await sql`
      insert into conversation (workspace_id, id, thread_id, channel_id, contact_id, status, last_seq, last_message_at, opened_at)
      values (${workspaceId}, ${long}, ${thread}, ${conversation.channelId}, ${newId()}, 'OPEN', ${length}, now(), now())
    `.execute(db);
    await sql`
      insert into message (workspace_id, id, thread_id, conversation_id, channel_id, seq, direction, type, text, status, sent_at, created_at)
      select ${workspaceId}, gen_random_uuid(), ${thread}, ${long}, ${conversation.channelId}, n, 'INBOUND', 'text',
        'Nr. ' || n || repeat(' Wort', 20), 'RECEIVED', now(), now()
      from generate_series(1, ${length}::int) n
    `.execute(db);
    let after: string | null = null;
    let seen = 0;
    let longest = 0;
    do {
      const next: Part = await part({ id: long, withNotes: true, after });
      const lines = next.content
        .trimEnd()
        .split('\n')
        .slice(after === null ? 4 : 0);
      for (const line of lines) expect(line).toContain(`: Nr. ${(seen += 1)} `);
      longest = Math.max(longest, lines.length);
      after = next.nextPart;
    } while (after !== null);
    expect([seen, longest]).toEqual([length, MAX_ENTRIES]);
    const id = sql<{ id: string }>`select id from message where thread_id = ${thread} and seq = 25000`;
    const [middle] = (await id.execute(db)).rows;
    const statement = entriesStatement(
      { workspaceId, id: long },
      { withNotes: true, position: { seq: 25_000, kind: 'MESSAGE', id: middle!.id } },
    );
    const [row] = await conversation.database.readForTenant(
      workspaceId,
      sql<{ 'QUERY PLAN': [{ Plan: Plan }] }>`explain (analyze, format json) ${statement}`,
    );
    expect(mostRowsIn(row!['QUERY PLAN'][0].Plan)).toBeLessThanOrEqual(MAX_ENTRIES + 2);
  }, 60_000);

  it('is audited as an export', async () => {
    await part({});
    const name = auditEntryRecorded.get('conversation')!.name;
    await eventually(async () => {
      const log = await readLog(conversation.database.forTenant(workspaceId), 0, 1_000);
      const actions = log.filter((event) => event.name === name).map(({ data }) => (data as { action: string }).action);
      expect(actions).toContain('conversation.export');
    });
  });

  it.each<[Record<string, unknown>, Record<string, unknown>]>([
    [{ timeZone: 'Berlin' }, { code: 'INVALID_INPUT', field: 'timeZone' }],
    [{ after: 'x' }, { code: 'INVALID_INPUT', field: 'after' }],
    [{ id: newId() }, { code: 'NOT_FOUND' }],
    [{ id: 'x' }, { code: 'NOT_FOUND' }],
  ])('is refused with %j', async (variables, refusal) => {
    expect((await transcript(variables)).errors?.[0]?.extensions).toEqual(refusal);
  });

  it('needs the permission to read messages, and the right to the conversation', async () => {
    expect((await transcript({}, ['conversation:read', 'conversation:read_all'])).errors?.[0]?.extensions).toEqual({
      code: 'FORBIDDEN',
    });
    expect((await transcript({}, ['conversation:read', 'message:read'])).data?.conversationTranscript).toBeTruthy();
    await conversation.database.forTenant(workspaceId).nativeUpdate(Conversation, { id }, { teamId: newId() });
    expect((await transcript({}, ['conversation:read', 'message:read'])).errors?.[0]?.extensions).toEqual({
      code: 'NOT_FOUND',
    });
  });
});

interface Plan {
  'Actual Rows': number;
  Plans?: Plan[];
}
/** Of any step, also those inside. */
function mostRowsIn({ 'Actual Rows': rows, Plans: steps = [] }: Plan): number {
  return Math.max(rows, ...steps.map(mostRowsIn));
}
