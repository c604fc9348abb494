import { clickToChatLinkChanged, type ClickToChatLinkChanged, type Envelope } from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';

/** What the codes in messages mean. */
export const clickToChatLinksConsumer = defineConsumer({
  name: 'conversation-click-to-chat-links',
  filter: 'contacts.click_to_chat_link.changed.>',
  subscriptions: [on(clickToChatLinkChanged, storeLinks)],
});

async function storeLinks(tx: Tx, events: readonly Envelope<ClickToChatLinkChanged>[]): Promise<void> {
  // Each says all of its link, so only the last one of a batch counts.
  const latest = new Map(events.map((event) => [`${event.workspaceId} ${event.data.linkId}`, event]));
  await sql`
    insert into click_to_chat_link (workspace_id, id, code, is_active, purpose, locale)
    select * from ${unnest(
      'input',
      { workspace_id: 'uuid', id: 'uuid', code: 'text', is_active: 'boolean', purpose: 'text', locale: 'text' },
      [...latest.values()].map(({ workspaceId, data: { linkId, code, isActive, asksFor } }) => ({
        workspace_id: workspaceId,
        id: linkId,
        code,
        is_active: isActive,
        purpose: asksFor?.purpose,
        locale: asksFor?.locale,
      })),
    )}
    on conflict (workspace_id, id) do update set is_active = excluded.is_active, purpose = excluded.purpose,
      locale = excluded.locale
  `.execute(tx.sql);
}
