import { accessibleWhere, allows } from '@fenster/auth';
import { once, transact, violatedConstraint, type Tx } from '@fenster/database';
import { checkText, invalidInput, isId, newId, notFound } from '@fenster/runtime';
import { abilityOf, type ConversationContext } from '../context.js';
import { CannedResponse } from './canned-response.entity.js';
import { checkPlaceholders } from './placeholders.rule.js';
import { manageRequired, placeShared, type Sharing } from './sharing.js';

export const MAX_SHORTCUT_LENGTH = 50;
export const MAX_TITLE_LENGTH = 100;
/** With placeholders filled it has to fit into a message of 4096. */
export const MAX_BODY_LENGTH = 4_000;

interface Words {
  shortcut?: string | null | undefined;
  title?: string | null | undefined;
  body?: string | null | undefined;
}

/** @throws DomainError INVALID_INPUT, NOT_FOUND, MANAGE_REQUIRED, IDEMPOTENCY_CONFLICT */
export async function createCannedResponse(
  ctx: ConversationContext,
  input: Required<Words> & { sharing: Sharing; teamId?: string | null | undefined; idempotencyKey: string },
): Promise<CannedResponse> {
  const actor = ctx.requireActor();
  const { sharing, teamId, idempotencyKey: key } = input;
  const shortcut = checkShortcut(input.shortcut!);
  const words = { shortcut, title: checkTitle(input.title!), body: checkBody(input.body!) };
  return withFreeShortcut(() =>
    transact(ctx, async (tx) => {
      const hashed = { sharing, teamId, ...words };
      const id = await once(tx, { key, operation: 'createCannedResponse', input: hashed }, newId(), async (id) => {
        const place = await placeShared(tx, actor, { sharing, teamId });
        const dates = { createdAt: tx.now(), updatedAt: tx.now() };
        tx.em.create(CannedResponse, { id, workspaceId: actor.workspaceId, ...place, ...words, ...dates });
        tx.audit({ action: 'canned_response.create', object: { type: 'canned_response', id } });
        await tx.em.flush();
      });
      return findCannedResponse(ctx, tx, id);
    }),
  );
}

/** @throws DomainError INVALID_INPUT, NOT_FOUND, MANAGE_REQUIRED */
export async function updateCannedResponse(
  ctx: ConversationContext,
  { id, shortcut, title, body }: Words & { id: string },
): Promise<CannedResponse> {
  const words = {
    ...(shortcut != null && { shortcut: checkShortcut(shortcut) }),
    ...(title != null && { title: checkTitle(title) }),
    ...(body != null && { body: checkBody(body) }),
  };
  return withFreeShortcut(() =>
    transact(ctx, async (tx) => {
      const found = await findChangeable(ctx, tx, id);
      Object.assign(found, words, { updatedAt: tx.now() });
      tx.audit({ action: 'canned_response.update', object: { type: 'canned_response', id } });
      await tx.em.flush();
      return found;
    }),
  );
}

/** @throws DomainError NOT_FOUND, MANAGE_REQUIRED */
export async function deleteCannedResponse(ctx: ConversationContext, id: string): Promise<{ id: string }> {
  return transact(ctx, async (tx) => {
    tx.em.remove(await findChangeable(ctx, tx, id));
    tx.audit({ action: 'canned_response.delete', object: { type: 'canned_response', id } });
    return { id };
  });
}

/** One that the actor may use. @throws DomainError NOT_FOUND */
export async function findCannedResponse(
  ctx: ConversationContext,
  { em }: Pick<Tx, 'em'>,
  id: string,
  field?: string,
): Promise<CannedResponse> {
  const readable = accessibleWhere(abilityOf(ctx), 'read', 'CannedResponse');
  const found = isId(id) ? await em.findOne(CannedResponse, { $and: [readable, { id }] }) : null;
  if (!found) throw notFound('Canned response', field);
  return found;
}

async function findChangeable(ctx: ConversationContext, tx: Tx, id: string): Promise<CannedResponse> {
  const found = await findCannedResponse(ctx, tx, id);
  if (!allows(abilityOf(ctx), 'change', 'CannedResponse', found)) throw manageRequired();
  return found;
}

async function withFreeShortcut<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (violatedConstraint(error) !== 'canned_response_shortcut') throw error;
    throw invalidInput('shortcut', 'is taken by another canned response.');
  }
}

export function checkShortcut(text: string): string {
  const shortcut = text.normalize('NFC').trim().toLowerCase();
  if (!/^[\p{L}\p{N}_-]+$/u.test(shortcut) || [...shortcut].length > MAX_SHORTCUT_LENGTH) {
    throw invalidInput('shortcut', `must have 1 to ${MAX_SHORTCUT_LENGTH} letters, digits, - and _.`);
  }
  return shortcut;
}

const checkTitle = (text: string) => checkText(text, 'title', { max: MAX_TITLE_LENGTH });

function checkBody(text: string): string {
  const body = checkText(text, 'body', { max: MAX_BODY_LENGTH });
  checkPlaceholders(body);
  return body;
}
