import { array, sql, type RawBuilder } from '@fenster/database';
import type { ConversationStatus } from '../conversations/conversation.entity.js';

/** Which conversations a view shows. What is left out does not matter; all that is said must hold. */
export interface Filter {
  statuses?: readonly ConversationStatus[];
  /** Any of these. */
  assignee?: { me?: boolean; nobody?: boolean; memberIds?: readonly string[] };
  team?: { mine?: boolean; none?: boolean; teamIds?: readonly string[] };
  channelIds?: readonly string[];
  /** With at least one of these labels. */
  labelIds?: readonly string[];
  /** Whether there are customer messages that the member has not read. */
  isUnread?: boolean;
  /** The customer has been waiting for an answer at least so long. */
  waitingMinutes?: number;
  /** The service window is open, and closes within so long. */
  windowClosesWithinMinutes?: number;
}

/** For whom "me", "mine" and "unread" are meant. */
export interface Viewer {
  id: string;
  workspaceId: string;
  teamIds: readonly string[];
}

/** What a filter asks about a conversation. */
export interface Facts {
  status: ConversationStatus;
  assigneeId: string | null;
  teamId: string | null;
  channelId: string;
  labelIds: readonly string[];
  waitingSince: Date | null;
  windowExpiresAt: Date | null;
  lastCustomerSeq: number;
  /** Up to where the viewer has read the thread. */
  readSeq: number;
}

/** Those that all conversations of a thread have in common. */
export type ThreadFact = 'readSeq' | 'windowExpiresAt';

/** One condition, as SQL and in memory. All conditions of a filter come from here, so that the two cannot differ. */
interface Condition {
  readonly sql: (at: Date) => RawBuilder<boolean>;
  readonly holds: (facts: Facts, at: Date) => boolean;
  /** Of those that time changes: when it will next begin or cease to hold though nothing happens. */
  readonly changesAt?: {
    readonly sql: (at: Date) => RawBuilder<Date | null>;
    readonly of: (facts: Facts, at: Date) => Date | null;
  };
}

/** A filter for one viewer. In SQL the conversation's alias is `c`. */
export interface CompiledFilter {
  sql(at: Date): RawBuilder<boolean>;
  matches(facts: Facts, at: Date): boolean;
  /** Whether time alone moves conversations in or out. */
  readonly dependsOnTime: boolean;
  asksOfThread(fact: ThreadFact): boolean;
  asksLabel(id: string): boolean;
  /** When a conversation may next move though nothing happens to it; null for never. */
  changesAt(facts: Facts, at: Date): Date | null;
  /** The same for all that time may move; undefined if it moves none. */
  changesAtSql(at: Date): { among: RawBuilder<boolean>; changesAt: RawBuilder<Date | null> } | undefined;
}

const MINUTE_MS = 60_000;
const later = (date: Date, minutes: number) => new Date(date.getTime() + minutes * MINUTE_MS);

export function compileFilter(filter: Filter, viewer: Viewer): CompiledFilter {
  const conditions = conditionsOf(filter, viewer);
  const timed = conditions.flatMap(({ changesAt }) => (changesAt ? [changesAt] : []));
  const all = (some: readonly Condition[], at: Date): RawBuilder<boolean> =>
    some.length === 0
      ? sql`true`
      : sql`(${sql.join(
          some.map((each) => each.sql(at)),
          sql` and `,
        )})`;
  return {
    sql: (at) => all(conditions, at),
    matches: (facts, at) => conditions.every((each) => each.holds(facts, at)),
    dependsOnTime: timed.length > 0,
    asksOfThread: (fact) => (fact === 'readSeq' ? filter.isUnread : filter.windowClosesWithinMinutes) !== undefined,
    asksLabel: (id) => filter.labelIds?.includes(id) ?? false,
    changesAt: (facts, at) => earliest(timed.map((each) => each.of(facts, at))),
    changesAtSql: (at) =>
      timed.length === 0
        ? undefined
        : {
            among: all(
              conditions.filter(({ changesAt }) => !changesAt),
              at,
            ),
            changesAt: sql`least(${sql.join(timed.map((each) => each.sql(at)))})`,
          },
  };
}

function conditionsOf(filter: Filter, viewer: Viewer): Condition[] {
  const conditions: Condition[] = [];
  const { statuses, assignee, team, channelIds, labelIds, isUnread, waitingMinutes, windowClosesWithinMinutes } =
    filter;
  if (statuses) conditions.push(oneOf('status', 'text', statuses));
  if (assignee) {
    const ids = [...(assignee.me ? [viewer.id] : []), ...(assignee.memberIds ?? [])];
    conditions.push(oneOf('assigneeId', 'uuid', ids, assignee.nobody));
  }
  if (team) {
    const ids = [...(team.mine ? viewer.teamIds : []), ...(team.teamIds ?? [])];
    conditions.push(oneOf('teamId', 'uuid', ids, team.none));
  }
  if (channelIds) conditions.push(oneOf('channelId', 'uuid', channelIds));
  if (labelIds) conditions.push(labelled(labelIds));
  if (isUnread !== undefined) conditions.push(unread(isUnread, viewer));
  if (waitingMinutes !== undefined) conditions.push(waiting(waitingMinutes));
  if (windowClosesWithinMinutes !== undefined) conditions.push(windowCloses(windowClosesWithinMinutes));
  return conditions;
}

const COLUMNS = { status: 'status', assigneeId: 'assignee_id', teamId: 'team_id', channelId: 'channel_id' } as const;

function oneOf(
  fact: keyof typeof COLUMNS,
  type: 'text' | 'uuid',
  values: readonly string[],
  orNull = false,
): Condition {
  const column = sql.ref(`c.${COLUMNS[fact]}`);
  const isOne = sql<boolean>`${column} = any(${array(type, values)})`;
  return {
    sql: () => (orNull ? sql`(${isOne} or ${column} is null)` : isOne),
    holds: (facts) => {
      const value = facts[fact];
      return value === null ? orNull : values.includes(value);
    },
  };
}

function labelled(labelIds: readonly string[]): Condition {
  return {
    sql: () => sql`exists (
      select from conversation_label l where l.workspace_id = c.workspace_id and l.conversation_id = c.id
        and l.label_id = any(${array('uuid', labelIds)})
    )`,
    holds: (facts) => facts.labelIds.some((id) => labelIds.includes(id)),
  };
}

/** Up to where a member has read the thread of conversation `c`: what is marked unread counts from there. */
export function readSeqSql({ id, workspaceId }: Pick<Viewer, 'id' | 'workspaceId'>): RawBuilder<number> {
  return sql`coalesce((
    select least(r.seq, r.unread_from - 1) from read_cursor r
    where r.workspace_id = ${workspaceId} and r.member_id = ${id} and r.thread_id = c.thread_id
  ), 0)`;
}

function unread(is: boolean, viewer: Viewer): Condition {
  return {
    sql: () => sql`(c.last_customer_seq > ${readSeqSql(viewer)}) = ${is}`,
    holds: ({ lastCustomerSeq, readSeq }) => lastCustomerSeq > readSeq === is,
  };
}

function waiting(minutes: number): Condition {
  return {
    sql: (at) => sql`coalesce(c.waiting_since <= ${later(at, -minutes)}, false)`,
    holds: ({ waitingSince }, at) => waitingSince !== null && waitingSince <= later(at, -minutes),
    changesAt: {
      sql: (at) => sql`case when c.waiting_since > ${later(at, -minutes)}
        then c.waiting_since + ${minutes} * interval '1 minute' end`,
      of: ({ waitingSince }, at) =>
        waitingSince !== null && waitingSince > later(at, -minutes) ? later(waitingSince, minutes) : null,
    },
  };
}

const WINDOW_END = sql<Date | null>`(
  select t.window_expires_at from thread t where t.workspace_id = c.workspace_id and t.id = c.thread_id
)`;

function windowCloses(minutes: number): Condition {
  return {
    sql: (at) => sql`coalesce(${WINDOW_END} > ${at} and ${WINDOW_END} <= ${later(at, minutes)}, false)`,
    holds: ({ windowExpiresAt: end }, at) => end !== null && end > at && end <= later(at, minutes),
    changesAt: {
      sql: (at) => sql`(
        select case when t.window_expires_at > ${later(at, minutes)}
            then t.window_expires_at - ${minutes} * interval '1 minute'
          when t.window_expires_at > ${at} then t.window_expires_at end
        from thread t where t.workspace_id = c.workspace_id and t.id = c.thread_id
      )`,
      of: ({ windowExpiresAt: end }, at) => {
        if (end === null || end <= at) return null;
        return end > later(at, minutes) ? later(end, -minutes) : end;
      },
    },
  };
}

function earliest(dates: readonly (Date | null)[]): Date | null {
  return dates.reduce((first, date) => (first === null || (date !== null && date < first) ? date : first), null);
}
