import { array, sql, unnest, type Tx } from '@fenster/database';
import type { BatchLoad } from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import { announceChannels } from './announce-channels.js';
import type { FactName, NumberFacts } from '../providers/provider.js';

export interface Fact {
  workspaceId: string;
  channelId: string;
  name: FactName;
  value: unknown;
  /** When the provider said so. */
  asOf: Date;
}

/** Which of two words counts. Of an import, which comes in parts and in any order, the one that is further. */
const weightOf = (fact: string) =>
  sql.raw(`(case ${fact}.name when 'historyImport' then coalesce((${fact}.value ->> 'progress')::float8, -1) else 0 end,
    ${fact}.as_of, ${fact}.value::text)`);

/**
 * What the provider says of numbers. The latest word counts, whenever it comes and however often; of two words of the
 * same moment always the same one does.
 */
export async function storeFacts(tx: Tx, facts: readonly Fact[]): Promise<void> {
  if (facts.length === 0) return;
  const changed = await withOtherWord(tx, facts);
  await sql`
    insert into channel_fact (workspace_id, channel_id, name, value, as_of)
    select distinct on (workspace_id, channel_id, name) workspace_id, channel_id, name, value, as_of
    from ${unnest(
      'fact',
      { workspace_id: 'uuid', channel_id: 'uuid', name: 'text', value: 'jsonb', as_of: 'timestamptz' },
      facts.map((fact) => ({
        workspace_id: fact.workspaceId,
        channel_id: fact.channelId,
        name: fact.name,
        value: fact.value,
        as_of: fact.asOf,
      })),
    )}
    order by workspace_id, channel_id, name, ${weightOf('fact')} desc
    on conflict (workspace_id, channel_id, name) do update set value = excluded.value, as_of = excluded.as_of
    where ${weightOf('channel_fact')} < ${weightOf('excluded')}
  `.execute(tx.sql);
  if (changed.length > 0) await announceChannels(tx, changed);
}

const ANNOUNCED: readonly FactName[] = ['throughput', 'messagingLimit', 'portfolioId', 'storageRegion'];

/**
 * Channels of which these facts say another limit than is known, owner or region: others pace and quote by it, or say who
 * processes what. No statement where none is named.
 */
async function withOtherWord(tx: Tx, facts: readonly Fact[]): Promise<string[]> {
  const announced = facts.filter(({ name }) => ANNOUNCED.includes(name));
  if (announced.length === 0) return [];
  const { rows } = await sql<{ channel_id: string }>`
    select distinct channel_id from ${unnest(
      'fact',
      { workspace_id: 'uuid', channel_id: 'uuid', name: 'text', value: 'jsonb' },
      announced.map(({ workspaceId, channelId, name, value }) => ({
        workspace_id: workspaceId,
        channel_id: channelId,
        name,
        value,
      })),
    )}
    left join channel_fact known using (workspace_id, channel_id, name)
    where known.value is distinct from fact.value
  `.execute(tx.sql);
  return rows.map(({ channel_id }) => channel_id);
}

export function factsOf({ workspaceId, channelId, asOf }: Omit<Fact, 'name' | 'value'>, facts: NumberFacts): Fact[] {
  return Object.entries(facts).map(([name, value]) => ({
    workspaceId,
    channelId,
    name: name as FactName,
    value: value as unknown,
    asOf,
  }));
}

/** What is known of a channel beside its own row. */
export interface ChannelNews {
  facts: NumberFacts;
  pausedUntil: Date | null;
}

export const newsByChannel: BatchLoad<string, ChannelNews> = async (ctx, ids) => {
  const { workspaceId } = ctx.requireActor();
  const wanted = array('uuid', ids.filter(isId));
  const facts = await ctx.database.readForTenant(
    workspaceId,
    sql<{ channel_id: string; name: FactName; value: unknown }>`
      select channel_id, name, value from channel_fact
      where workspace_id = ${workspaceId} and channel_id = any(${wanted})
    `,
  );
  const paused = await ctx.database.readForTenant(
    workspaceId,
    sql<{ channel_id: string; paused_until: Date }>`
      select channel_id, paused_until from channel_delivery
      where workspace_id = ${workspaceId} and channel_id = any(${wanted}) and paused_until > ${ctx.now()}
    `,
  );
  const news = new Map<string, ChannelNews>(ids.map((id) => [id, { facts: {}, pausedUntil: null }]));
  for (const { channel_id, name, value } of facts) Object.assign(news.get(channel_id)!.facts, { [name]: value });
  for (const { channel_id, paused_until } of paused) news.get(channel_id)!.pausedUntil = paused_until;
  return news;
};
