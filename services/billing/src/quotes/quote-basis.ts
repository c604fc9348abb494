import type { BatchLoad } from '@fenster/graphql';
import { isId } from '@fenster/runtime';
import { readAllowances } from '../allowances/read-allowances.js';
import type { BillingContext } from '../context.js';
import { localDateOf, monthOf } from '../ratings/local-date.js';
import { volumeOf } from '../ratings/recalculate.js';
import { portfolioOf } from '../messages/billable-message.js';
import type { QuoteBasis } from './quote.rule.js';

/** By what each of these numbers is charged now; none for one whose messages have no price that is known. */
export const quoteBases: BatchLoad<string, QuoteBasis> = async (context, channelIds) => {
  const ctx = context as BillingContext;
  const { workspaceId } = ctx.requireActor();
  const at = ctx.now();
  const channels = await ctx.em.execute<ChannelRow[]>(
    `select id, currency, time_zone, portfolio from charged_channel
     where workspace_id = ? and id in (select jsonb_array_elements_text(?::jsonb)::uuid)`,
    [workspaceId, JSON.stringify(channelIds.filter(isId))],
  );
  if (channels.length === 0) return new Map();
  const book = (await ctx.app.books.inForce(ctx.database.system().getKysely(), [workspaceId]))(workspaceId);
  const bases = new Map<string, QuoteBasis>();
  const byMonth = Map.groupBy(channels, ({ time_zone }) => monthOf(localDateOf(at, time_zone)));
  for (const [month, ofMonth] of byMonth) {
    const allowances = new Map((await readAllowances(ctx, month)).map((each) => [each.channelId, each]));
    const counted = await readMeters(ctx, month);
    const onTheirWay = await readVolumesOnTheirWay(ctx, month);
    for (const { id, currency, time_zone: timeZone, portfolio } of ofMonth) {
      const portfolioId = portfolioOf({ portfolio, channel_id: id });
      const allowance = allowances.get(id);
      bases.set(id, { at, currency, timeZone, portfolioId, book, allowance, counted, onTheirWay });
    }
  }
  return bases;
};

interface ChannelRow {
  id: string;
  currency: string;
  time_zone: string;
  portfolio: string | null;
}

/** How many every volume meter of the workspace has counted in a month. */
async function readMeters(ctx: BillingContext, month: string): Promise<Map<string, number>> {
  const rows = await ctx.em.execute<{ meter: string; messages: string }[]>(
    `select meter, sum(messages) as messages from meter_slot
     where workspace_id = ? and meter like 'volume %' and split_part(meter, '|', 5) = ? group by meter`,
    [ctx.requireActor().workspaceId, month],
  );
  return new Map(rows.map(({ meter, messages }) => [meter, Number(messages)]));
}

interface VolumeRow {
  channel_id: string;
  portfolio: string | null;
  market: string | null;
  category: string;
  currency: string;
  messages: string;
}

/** How many of each volume are queued, and not known to be delivered or to have failed. */
async function readVolumesOnTheirWay(ctx: BillingContext, month: string): Promise<Map<string, number>> {
  const rows = await ctx.em.execute<VolumeRow[]>(
    `select v.channel_id, c.portfolio, v.market, v.category, v.currency, v.expected_messages as messages
     from expected_volume v
     left join charged_channel c on c.workspace_id = v.workspace_id and c.id = v.channel_id
     where v.workspace_id = ? and v.delivery_month = ? and v.expected_messages > 0`,
    [ctx.requireActor().workspaceId, month],
  );
  const volumes = new Map<string, number>();
  for (const { messages, ...row } of rows) {
    const volume = volumeOf({ ...row, month, portfolioId: portfolioOf(row) });
    volumes.set(volume, (volumes.get(volume) ?? 0) + Number(messages));
  }
  return volumes;
}
