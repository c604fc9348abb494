import { accessibleWhere, allows, defineAbility } from '@fenster/auth';
import { array, matching, sql, unnest } from '@fenster/database';
import { newId } from '@fenster/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { actorWith } from '../../../../test/support/actor.js';
import { defineRules } from '../ability.js';
import { CONVERSATION_STATUSES } from '../conversations/conversation.entity.js';
import { createTestConversation, type TestConversation } from '../testing/conversation.js';
import { compileFilter, type Filter } from './filter.rule.js';
import { factsWhere, readSeqs } from './view-facts.js';

const NOW = new Date('2026-11-22T09:00:00Z');
const ids = (count: number) => Array.from({ length: count }, newId);
const [TEAMS, CHANNELS, MEMBERS, LABELS] = [ids(3), ids(2), ids(3), ids(3)];
const minutes = (count: number) => new Date(NOW.getTime() + count * 60_000);

/** On whole minutes, so that what is due just now comes up. */
const nearNow = fc.integer({ min: -15, max: 15 }).map(minutes);
const rowOf = fc.record({
  status: fc.constantFrom(...CONVERSATION_STATUSES),
  assigneeId: fc.constantFrom(null, ...MEMBERS),
  teamId: fc.constantFrom(null, ...TEAMS),
  channelId: fc.constantFrom(...CHANNELS),
  labelIds: fc.subarray(LABELS),
  waitingSince: fc.option(nearNow),
  windowExpiresAt: fc.option(nearNow),
  lastCustomerSeq: fc.integer({ min: 0, max: 3 }),
  read: fc.option(
    fc.record({ seq: fc.integer({ min: 0, max: 3 }), unreadFrom: fc.option(fc.integer({ min: 1, max: 3 })) }),
  ),
});
const some = (values: string[]) => fc.subarray(values, { minLength: 1 });
const anyFilter: fc.Arbitrary<Required<Filter>> = fc.record({
  statuses: fc.subarray([...CONVERSATION_STATUSES], { minLength: 1 }),
  assignee: fc.record({ me: fc.boolean(), nobody: fc.boolean(), memberIds: some(MEMBERS) }, { requiredKeys: [] }),
  team: fc.record({ mine: fc.boolean(), none: fc.boolean(), teamIds: some(TEAMS) }, { requiredKeys: [] }),
  channelIds: some(CHANNELS),
  labelIds: some(LABELS),
  isUnread: fc.boolean(),
  waitingMinutes: fc.integer({ min: 1, max: 10 }),
  windowClosesWithinMinutes: fc.integer({ min: 1, max: 10 }),
});
const KEYS = [
  ...(['statuses', 'assignee', 'team', 'channelIds', 'labelIds', 'isUnread'] as const),
  ...(['waitingMinutes', 'windowClosesWithinMinutes'] as const),
];
/** Few conditions at once: most conversations pass none of many. */
const filterOf: fc.Arbitrary<Filter> = fc
  .tuple(anyFilter, fc.uniqueArray(fc.constantFrom(...KEYS), { maxLength: 3 }))
  .map(([filter, keys]) => Object.fromEntries(keys.map((key) => [key, filter[key]])));
const viewerOf = fc.record({
  id: fc.constantFrom(...MEMBERS),
  teamIds: fc.subarray(TEAMS),
  channelIds: fc.subarray(CHANNELS),
  permissions: fc.constantFrom(['conversation:read'] as const, ['conversation:read', 'conversation:read_all'] as const),
});
type Row = typeof rowOf extends fc.Arbitrary<infer T> ? T : never;

let conversation: TestConversation;
beforeAll(async () => {
  conversation = await createTestConversation();
});
afterAll(() => conversation.close());

async function insert(workspaceId: string, rows: readonly Row[]): Promise<void> {
  const db = conversation.database.system().getKysely();
  const input = rows.map((row) => ({ ...row, id: newId(), threadId: newId() }));
  await sql`insert into label (workspace_id, id, name, colour, created_at)
    select ${workspaceId}, id, id::text, 'red', ${NOW} from ${unnest(
      'i',
      { id: 'uuid' },
      LABELS.map((id) => ({ id })),
    )} on conflict do nothing`.execute(db);
  await sql`insert into thread (workspace_id, id, channel_id, contact_id, created_at, window_expires_at)
    select ${workspaceId}, thread_id, channel_id, thread_id, ${NOW}, expires_at from ${unnest(
      'i',
      { thread_id: 'uuid', channel_id: 'uuid', expires_at: 'timestamptz' },
      input.map((row) => ({ thread_id: row.threadId, channel_id: row.channelId, expires_at: row.windowExpiresAt })),
    )}`.execute(db);
  await sql`
    insert into conversation (workspace_id, id, thread_id, channel_id, contact_id, status, snooze_kind, resolved_at,
      last_seq, last_customer_seq, last_message_at, opened_at, team_id, assignee_id, waiting_since)
    select ${workspaceId}, id, thread_id, channel_id, thread_id, status,
      case when status = 'SNOOZED' then 'UNTIL' end, case when status = 'RESOLVED' then ${NOW}::timestamptz end,
      3, customer_seq, ${NOW}, ${NOW}, team_id, assignee_id, waiting_since
    from ${unnest(
      'i',
      {
        id: 'uuid',
        thread_id: 'uuid',
        channel_id: 'uuid',
        status: 'text',
        customer_seq: 'int',
        team_id: 'uuid',
        assignee_id: 'uuid',
        waiting_since: 'timestamptz',
      },
      input.map((row) => ({
        id: row.id,
        thread_id: row.threadId,
        channel_id: row.channelId,
        status: row.status,
        customer_seq: row.lastCustomerSeq,
        team_id: row.teamId,
        assignee_id: row.assigneeId,
        waiting_since: row.waitingSince,
      })),
    )}`.execute(db);
  const labels = input.flatMap(({ id, labelIds }) => labelIds.map((label) => ({ id, label })));
  await sql`insert into conversation_label (workspace_id, conversation_id, label_id, set_by_kind, set_at)
    select ${workspaceId}, id, label, 'system', ${NOW} from ${unnest('i', { id: 'uuid', label: 'uuid' }, labels)}`.execute(
    db,
  );
  const reads = input.flatMap(({ threadId, read }) =>
    read ? MEMBERS.map((member) => ({ thread: threadId, member, seq: read.seq, from: read.unreadFrom })) : [],
  );
  await sql`insert into read_cursor (workspace_id, member_id, thread_id, seq, unread_from)
    select ${workspaceId}, member, thread, seq, "from" from ${unnest(
      'i',
      { thread: 'uuid', member: 'uuid', seq: 'int', from: 'int' },
      reads,
    )}`.execute(db);
}

describe('a filter', () => {
  it('is one rule: SQL and memory let the same conversations pass, for the same viewer, at any time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(rowOf, { minLength: 10, maxLength: 40 }),
        fc.array(fc.tuple(filterOf, viewerOf, nearNow), { minLength: 5, maxLength: 15 }),
        async (rows, questions) => {
          const workspaceId = newId();
          await insert(workspaceId, rows);
          const { database } = conversation;
          const all = await factsWhere(database, workspaceId, sql`true`);
          expect(all).toHaveLength(rows.length);
          for (const [filter, rights, at] of questions) {
            const actor = actorWith({ workspaceId, ...rights });
            const ability = defineAbility(actor, defineRules);
            const compiled = compileFilter(filter, actor);
            const where = matching(accessibleWhere(ability, 'read', 'Conversation'), 'c');
            const found = await factsWhere(database, workspaceId, sql`${where} and ${compiled.sql(at)}`);
            const reads = await readSeqs(
              { database },
              actor,
              all.map((each) => each.conversation.threadId),
            );
            const asked = all.map((each) => ({ ...each, readSeq: reads.get(each.conversation.threadId) ?? 0 }));
            const passing = asked.filter(
              (each) => allows(ability, 'read', 'Conversation', each.conversation) && compiled.matches(each, at),
            );
            expect(found.map((each) => each.conversation.id).toSorted()).toEqual(
              passing.map((each) => each.conversation.id).toSorted(),
            );
            const timed = compiled.changesAtSql(at);
            if (!timed) continue;
            const changes = await database.readForTenant(
              workspaceId,
              sql<{ id: string; at: Date | null }>`select c.id, ${timed.changesAt} as at from conversation c
                where c.id = any(${array(
                  'uuid',
                  asked.map((each) => each.conversation.id),
                )})`,
            );
            const expected = new Map(asked.map((each) => [each.conversation.id, compiled.changesAt(each, at)]));
            expect(new Map(changes.map((row) => [row.id, row.at]))).toEqual(
              new Map(changes.map(({ id }) => [id, expected.get(id)])),
            );
          }
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);

  it('says when time will next change what it lets pass: not before, and then', () => {
    const facts = fc.record({
      status: fc.constant('OPEN' as const),
      assigneeId: fc.constant(null),
      teamId: fc.constant(null),
      channelId: fc.constant(CHANNELS[0]!),
      labelIds: fc.constant([]),
      waitingSince: fc.option(nearNow),
      windowExpiresAt: fc.option(nearNow),
      lastCustomerSeq: fc.constant(0),
      readSeq: fc.constant(0),
    });
    const timed = fc.record(
      { waitingMinutes: fc.integer({ min: 1, max: 30 }), windowClosesWithinMinutes: fc.integer({ min: 1, max: 30 }) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(facts, timed, fc.array(fc.integer({ min: 0, max: 240 })), (row, filter, halves) => {
        const compiled = compileFilter(filter, { id: MEMBERS[0]!, workspaceId: newId(), teamIds: [] });
        const changesAt = compiled.changesAt(row, NOW);
        if (!compiled.dependsOnTime) expect(changesAt).toBeNull();
        for (const half of halves) {
          const at = minutes(half / 2);
          if (changesAt === null || at < changesAt) expect(compiled.matches(row, at)).toBe(compiled.matches(row, NOW));
        }
      }),
      { numRuns: 500 },
    );
  });
});
