import { sql, unnest, type Tx } from '@fenster/database';
import { factsOf, storeFacts } from '../channels/facts.js';
import type { InboundOther } from '../providers/provider.js';
import type { ReceivedWebhook } from './received-webhook.js';

type Told = InboundOther & Required<Pick<InboundOther, 'news'>>;

/** What webhooks say of numbers becomes known state of the channels that they are about. Others have none, and no statement. */
export async function storeNews(tx: Tx, group: readonly ReceivedWebhook[]): Promise<void> {
  const told = group.flatMap((webhook) =>
    webhook.others.filter((item): item is Told => item.news !== undefined).map((item) => ({ app: webhook.app, item })),
  );
  if (told.length === 0) return;
  const { rows } = await sql<{ ordinal: number; workspace_id: string; channel_id: string }>`
    select input.ordinal, c.workspace_id, c.id as channel_id
    from ${unnest(
      'input',
      { ordinal: 'int', app_id: 'text', is_account: 'boolean', account: 'text', address: 'text', phone: 'text' },
      told.map(({ app, item }, ordinal) => ({
        ordinal,
        app_id: app.appId,
        is_account: item.news.of === 'account',
        account: item.account,
        address: item.address,
        phone: item.displayPhoneNumber,
      })),
    )}
    join channel c on c.app_id = input.app_id and case
      when input.is_account then c.account = input.account
      when input.address is not null then c.address = input.address
      else c.account = input.account and c.display_phone_number = input.phone
    end
  `.execute(tx.sql);
  await storeFacts(
    tx,
    rows.flatMap(({ ordinal, workspace_id: workspaceId, channel_id: channelId }) => {
      const { news, occurredAt: asOf = tx.now() } = told[ordinal]!.item;
      return factsOf({ workspaceId, channelId, asOf }, news.facts);
    }),
  );
}
