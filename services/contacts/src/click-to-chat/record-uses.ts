import type { ClickToChatLinkUsed, Envelope } from '@fenster/contracts';
import { sql, unnest, type Tx } from '@fenster/database';

/**
 * By which links people came. Counted with the link itself, for what is known of a person goes with them. Comes after the
 * sightings of the same batch, which make the contacts; of who was erased nothing is known.
 */
export async function recordUses(tx: Tx, events: readonly Envelope<ClickToChatLinkUsed>[]): Promise<void> {
  await sql`
    with input as materialized (
      select input.*, coalesce(alias.contact_id, input.contact_id) as owner_id, alias.origin_id
      from ${unnest(
        'input',
        {
          workspace_id: 'uuid',
          message_id: 'uuid',
          link_id: 'uuid',
          contact_id: 'uuid',
          conversation_id: 'uuid',
          began_conversation: 'boolean',
          used_at: 'timestamptz',
        },
        events.map(({ workspaceId, occurredAt, data }) => ({
          workspace_id: workspaceId,
          message_id: data.messageId,
          link_id: data.linkId,
          contact_id: data.contactId,
          conversation_id: data.conversationId,
          began_conversation: data.beganConversation,
          used_at: new Date(occurredAt),
        })),
      )}
      left join contact_alias alias on alias.workspace_id = input.workspace_id and alias.id = input.contact_id
    ), used as (
      insert into click_to_chat_use
        (workspace_id, message_id, link_id, contact_id, origin_id, conversation_id, began_conversation, used_at)
      select input.workspace_id, message_id, link_id, owner_id, origin_id, conversation_id, began_conversation, used_at
      from input
      join contact on contact.workspace_id = input.workspace_id and contact.id = owner_id
      join click_to_chat_link link on link.workspace_id = input.workspace_id and link.id = link_id
      on conflict do nothing
      returning workspace_id, link_id, contact_id, began_conversation
    ), counted as (
      select workspace_id, link_id, count(*) as messages, count(*) filter (where began_conversation) as conversations,
        count(distinct contact_id) filter (where not exists (
          select from click_to_chat_use earlier where earlier.workspace_id = used.workspace_id
            and earlier.link_id = used.link_id and earlier.contact_id = used.contact_id
        )) as contacts
      from used group by workspace_id, link_id
    )
    update click_to_chat_link link set message_count = message_count + counted.messages,
      conversation_count = conversation_count + counted.conversations, contact_count = contact_count + counted.contacts
    from counted where link.workspace_id = counted.workspace_id and link.id = counted.link_id
  `.execute(tx.sql);
}
