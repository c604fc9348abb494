import { findClickToChatCode } from '@fenster/contracts';
import { once, sql, transact, type Tx } from '@fenster/database';
import { checkText, invalidInput, isId, newId, notFound } from '@fenster/runtime';
import { ConsentText } from '../consent/consent.entity.js';
import { checkLocale } from '../consent/purpose.commands.js';
import { findPurpose } from '../consent/purpose.queries.js';
import { newReference } from '../contacts/person-subject.js';
import type { ContactsContext } from '../context.js';
import { requireUse } from '../newsletters/newsletter.queries.js';
import { announceLink } from './announce-links.js';
import { MAX_CHAT_URL, writeChatUrl } from './chat-url.rule.js';
import { ClickToChatLink } from './click-to-chat-link.entity.js';
import {
  MAX_CAMPAIGN,
  MAX_LINK_NAME,
  MAX_LINK_TEXT,
  type CreateClickToChatLinkInput,
  type UpdateClickToChatLinkInput,
} from './click-to-chat.types.js';

const MAX_LINKS = 1_000;

/** @throws DomainError INVALID_INPUT, NOT_FOUND, IDEMPOTENCY_CONFLICT */
export async function createLink(ctx: ContactsContext, input: CreateClickToChatLinkInput): Promise<ClickToChatLink> {
  const { channelId, idempotencyKey: key } = input;
  const said = {
    channelId,
    name: checkText(input.name, 'name', { max: MAX_LINK_NAME }),
    campaign: input.campaign == null ? null : checkCampaign(input.campaign),
    locale: checkLocale(input.locale),
    text: checkWords(input.text),
    textHash: input.textHash || null,
  };
  const { workspaceId } = ctx.requireActor();
  requireUse(ctx, channelId);
  return transact(ctx, async (tx) => {
    const request = { key, operation: 'createClickToChatLink', input: said };
    const linkId = await once(tx, request, newId(), async (id) => {
      if ((await tx.em.count(ClickToChatLink, { archivedAt: null })) >= MAX_LINKS) {
        throw invalidInput('name', `must be one of at most ${MAX_LINKS} links that are not archived.`);
      }
      const code = newReference().replace('-', '');
      const link = tx.em.create(ClickToChatLink, { id, workspaceId, code, ...said, createdAt: tx.now() });
      await checkLink(tx, link);
      await tx.em.flush();
      await announceLink(tx, workspaceId, id);
      const object = { type: 'click_to_chat_link', id } as const;
      tx.audit({ action: 'click_to_chat_link.create', object, after: settingsOf(link) });
    });
    return findLink(tx, linkId);
  });
}

/** What is on posters already goes on saying what it said; its code stays. @throws DomainError INVALID_INPUT, NOT_FOUND */
export async function updateLink(ctx: ContactsContext, input: UpdateClickToChatLinkInput): Promise<ClickToChatLink> {
  const change = {
    ...(input.name != null && { name: checkText(input.name, 'name', { max: MAX_LINK_NAME }) }),
    ...(input.campaign != null && { campaign: checkCampaign(input.campaign) }),
    ...(input.text != null && { text: checkWords(input.text) }),
    ...(input.textHash != null && { textHash: input.textHash || null }),
  };
  return transact(ctx, async (tx) => {
    const link = await findLink(tx, input.id, { lock: true });
    if (link.archivedAt) throw invalidInput('id', 'is archived.');
    const before = settingsOf(link);
    Object.assign(link, change);
    // A purpose may have been archived since: that keeps nobody from giving the link another name.
    if ('text' in change || 'textHash' in change) await checkLink(tx, link);
    await tx.em.flush();
    await announceLink(tx, link.workspaceId, link.id);
    const object = { type: 'click_to_chat_link', id: link.id } as const;
    tx.audit({ action: 'click_to_chat_link.update', object, before, after: settingsOf(link) });
    return link;
  });
}

/** Whoever uses it still gets into the chat, as anybody does. @throws DomainError NOT_FOUND */
export async function archiveLink(ctx: ContactsContext, id: string): Promise<ClickToChatLink> {
  return transact(ctx, async (tx) => {
    const link = await findLink(tx, id, { lock: true });
    if (link.archivedAt) return link;
    link.archivedAt = tx.now();
    await tx.em.flush();
    await announceLink(tx, link.workspaceId, id);
    tx.audit({ action: 'click_to_chat_link.archive', object: { type: 'click_to_chat_link', id } });
    return link;
  });
}

async function findLink(tx: Tx, id: string, { lock = false } = {}): Promise<ClickToChatLink> {
  if (!isId(id)) throw notFound('Link');
  // What is counted meanwhile is another's to write.
  if (lock) await sql`select from click_to_chat_link where id = ${id} for no key update`.execute(tx.sql);
  const link = await tx.em.findOne(ClickToChatLink, { id });
  if (!link) throw notFound('Link');
  return link;
}

/** A chat can be begun by it, and what it stands for can be asked. */
async function checkLink(
  tx: Tx,
  { workspaceId, channelId, text, code, locale, textHash }: ClickToChatLink,
): Promise<void> {
  const { rows } = isId(channelId)
    ? await sql<{ chat_url: string | null }>`
        select chat_url from sending_channel where workspace_id = ${workspaceId} and id = ${channelId}
      `.execute(tx.sql)
    : { rows: [] };
  if (!rows[0]) throw notFound('Channel', 'channelId');
  const { chat_url: base } = rows[0];
  if (base === null) throw invalidInput('channelId', 'must be a channel with which a link can begin a chat.');
  if (writeChatUrl(base, { text, code }).length > MAX_CHAT_URL) {
    throw invalidInput('text', `must be shorter: its link must have at most ${MAX_CHAT_URL} characters.`);
  }
  if (textHash == null) return;
  const wording = await tx.em.findOne(ConsentText, { hash: textHash });
  if (!wording) throw invalidInput('textHash', 'must be that of a published text.');
  const purpose = await findPurpose(tx.em, wording.purpose);
  if (purpose?.kind === 'SERVICE') throw invalidInput('textHash', 'must be that of a purpose that needs a consent.');
  if (purpose?.archivedAt) throw invalidInput('textHash', 'is that of a purpose that is archived.');
  if (new Intl.Locale(wording.locale).language !== new Intl.Locale(locale).language) {
    throw invalidInput('textHash', 'must be that of a text in the language of the link.');
  }
}

function settingsOf({ name, campaign = null, channelId, locale, textHash: sha256 = null }: ClickToChatLink) {
  return { name, campaign, channelId, locale, sha256 };
}

/** Empty for none. */
function checkCampaign(campaign: string): string | null {
  return checkText(campaign, 'campaign', { min: 0, max: MAX_CAMPAIGN }) || null;
}

function checkWords(words: string): string {
  const text = checkText(words, 'text', { max: MAX_LINK_TEXT });
  if (findClickToChatCode(text) !== undefined) {
    throw invalidInput('text', 'must not have anything in it that looks like a code: one is added.');
  }
  return text;
}
