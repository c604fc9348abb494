import { accessibleWhere } from '@fenster/auth';
import { checkPageSize } from '@fenster/graphql';
import { invalidInput, isId } from '@fenster/runtime';
import { Channel } from '../channels/channel.entity.js';
import { contactNames } from '../contact-names/contact-names.js';
import { abilityOf, type ConversationContext } from '../context.js';
import type { Conversation } from '../conversations/conversation.entity.js';
import { requireConversation } from '../conversations/conversation.queries.js';
import { Member } from '../directory/directory.entity.js';
import { findCannedResponse, MAX_SHORTCUT_LENGTH } from './canned-response.commands.js';
import { CannedResponse } from './canned-response.entity.js';
import type { CannedResponsePage } from './canned-response.types.js';
import { firstNameOf, renderPlaceholders, type Rendered, type Values } from './placeholders.rule.js';

/** By shortcut: what the actor may use, if it begins like that. @throws DomainError INVALID_INPUT */
export async function listCannedResponses(
  ctx: ConversationContext,
  { prefix, first, after }: { prefix?: string | null | undefined; first: number; after?: string | null | undefined },
): Promise<CannedResponsePage> {
  const size = checkPageSize(first);
  const beginning = (prefix ?? '').normalize('NFC').trim().toLowerCase();
  if (beginning.length > 2 * MAX_SHORTCUT_LENGTH || beginning.includes('\0') || !beginning.isWellFormed()) {
    throw invalidInput('prefix', `must have at most ${MAX_SHORTCUT_LENGTH} characters.`);
  }
  const position = after == null ? undefined : decodePosition(after);
  const rows = await ctx.em.find(
    CannedResponse,
    {
      $and: [
        accessibleWhere(abilityOf(ctx), 'read', 'CannedResponse'),
        beginning ? { shortcut: { $like: `${beginning.replaceAll(/[\\%_]/g, String.raw`\$&`)}%` } } : {},
        position
          ? {
              $or: [
                { shortcut: { $gt: position.shortcut } },
                { shortcut: position.shortcut, id: { $gt: position.id } },
              ],
            }
          : {},
      ],
    },
    { orderBy: { shortcut: 'asc', id: 'asc' }, limit: size + 1 },
  );
  const nodes = rows.slice(0, size);
  const last = nodes.at(-1);
  return { nodes, nextPage: rows.length > size && last ? encodePosition(last) : null };
}

interface Position {
  shortcut: string;
  id: string;
}

function encodePosition({ shortcut, id }: Position): string {
  return Buffer.from(`${id} ${shortcut}`).toString('base64url');
}

function decodePosition(page: string): Position {
  const [id, shortcut = ''] = Buffer.from(page, 'base64url').toString().split(' ');
  if (!isId(id) || shortcut.includes('\0') || encodePosition({ id, shortcut }) !== page) {
    throw invalidInput('after', 'is not a page that this API handed out.');
  }
  return { id, shortcut };
}

/** @throws DomainError NOT_FOUND for one that the actor may not use, or a conversation that they may not see. */
export async function renderCannedResponse(
  ctx: ConversationContext,
  { id, conversationId }: { id: string; conversationId: string },
): Promise<Rendered> {
  const conversation = await requireConversation(ctx, conversationId);
  const { body } = await findCannedResponse(ctx, ctx, id);
  return renderPlaceholders(body, await loadValues(ctx, conversation));
}

/** Who writes to whom and where; the contact's name for those who may see contacts, the channel's for those who may see channels. */
export async function loadValues(
  ctx: ConversationContext,
  { id: conversationId, channelId }: Pick<Conversation, 'id' | 'channelId'>,
): Promise<Values> {
  const { id, kind, permissions } = ctx.requireActor();
  const agent = kind === 'member' ? await ctx.em.findOne(Member, { id }) : null;
  const contact = permissions.includes('contact:read') && (await ctx.loader(contactNames).load(conversationId));
  const channel = permissions.includes('channel:read') ? await ctx.em.findOne(Channel, { id: channelId }) : null;
  return {
    'channel.name': channel?.name ?? null,
    'contact.name': contact || null,
    'contact.firstName': firstNameOf(contact || null),
    'agent.name': agent?.name ?? null,
    'agent.firstName': firstNameOf(agent?.name),
  };
}
