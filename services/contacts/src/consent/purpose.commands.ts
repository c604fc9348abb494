import { createHash } from 'node:crypto';
import { purposeKey } from '@fenster/contracts';
import { canonicalJson, sql, transact, violatedConstraint } from '@fenster/database';
import { checkText, DomainError, invalidInput, notFound } from '@fenster/runtime';
import type { ContactsContext } from '../context.js';
import { announceTexts } from './announce-texts.js';
import { ConsentPurpose, ConsentText } from './consent.entity.js';
import type { CreateConsentPurposeInput, PublishConsentTextInput, UpdateConsentPurposeInput } from './consent.types.js';
import { builtInPurpose, findPurpose, type Purpose } from './purpose.queries.js';

const MAX_PURPOSES = 100;

/** @throws DomainError INVALID_INPUT, CONSENT_PURPOSE_TAKEN */
export async function createPurpose(ctx: ContactsContext, input: CreateConsentPurposeInput): Promise<Purpose> {
  const { key, kind } = input;
  if (!purposeKey.safeParse(key).success) {
    throw invalidInput('key', 'must be a small letter, then at most 39 small letters, digits and underscores.');
  }
  const name = checkText(input.name, 'name', { max: 100 });
  const description = checkText(input.description ?? '', 'description', { min: 0, max: 1_000 }) || null;
  const taken = () => new DomainError('CONSENT_PURPOSE_TAKEN', 'There is a purpose with this key. Choose another one.');
  if (builtInPurpose(key)) throw taken();
  try {
    return await transact(ctx, async (tx) => {
      const { workspaceId } = ctx.requireActor();
      if ((await tx.em.count(ConsentPurpose)) >= MAX_PURPOSES) {
        throw invalidInput('key', `must be one of at most ${MAX_PURPOSES} purposes.`);
      }
      tx.em.create(ConsentPurpose, { workspaceId, key, kind, name, description, createdAt: tx.now() });
      const after = { key, name, kind };
      tx.audit({ action: 'consent_purpose.create', object: { type: 'consent_purpose', id: workspaceId }, after });
      return { key, kind, name, description, isBuiltIn: false, archivedAt: null };
    });
  } catch (error) {
    if (violatedConstraint(error) === 'consent_purpose_pkey') throw taken();
    throw error;
  }
}

/** @throws DomainError INVALID_INPUT, NOT_FOUND */
export async function updatePurpose(ctx: ContactsContext, input: UpdateConsentPurposeInput): Promise<Purpose> {
  const { key } = input;
  const name = input.name == null ? undefined : checkText(input.name, 'name', { max: 100 });
  const description =
    input.description == null ? undefined : checkText(input.description, 'description', { min: 0, max: 1_000 }) || null;
  return transact(ctx, async (tx) => {
    const { workspaceId } = ctx.requireActor();
    const before = await findPurpose(tx.em, key);
    if (!before) throw notFound('Purpose');
    const { kind, isBuiltIn } = before;
    if (isBuiltIn && input.isArchived) throw invalidInput('isArchived', 'must not be set of what every workspace has.');
    const archivedAt =
      input.isArchived == null ? before.archivedAt : input.isArchived ? (before.archivedAt ?? tx.now()) : null;
    const after: Purpose = {
      ...before,
      name: name ?? before.name,
      description: description === undefined ? before.description : description,
      archivedAt,
    };
    await sql`
      insert into consent_purpose (workspace_id, key, kind, name, description, created_at, archived_at)
      values (${workspaceId}, ${key}, ${kind}, ${after.name}, ${after.description}, ${tx.now()}, ${archivedAt})
      on conflict (workspace_id, key) do update set name = excluded.name, description = excluded.description,
        archived_at = excluded.archived_at
    `.execute(tx.sql);
    tx.audit({
      action: 'consent_purpose.update',
      object: { type: 'consent_purpose', id: workspaceId },
      before: { key, name: before.name, isArchived: before.archivedAt !== null },
      after: { key, name: after.name, isArchived: after.archivedAt !== null },
    });
    if ((before.archivedAt === null) !== (after.archivedAt === null))
      await announceTexts(tx, workspaceId, { purpose: key });
    return after;
  });
}

/**
 * What people will read from now on; the texts before stay as they are, with what was said about them. The same words
 * again are the same text.
 * @throws DomainError INVALID_INPUT, NOT_FOUND
 */
export async function publishText(ctx: ContactsContext, input: PublishConsentTextInput): Promise<ConsentText> {
  const { purpose } = input;
  const locale = checkLocale(input.locale);
  const body = checkText(input.body, 'body', { max: 4_000 });
  const privacyNoticeUrl = checkHttps(input.privacyNoticeUrl, 'privacyNoticeUrl');
  const privacyNoticeVersion = checkText(input.privacyNoticeVersion, 'privacyNoticeVersion', { max: 100 });
  const said = { purpose, locale, body, privacyNoticeUrl, privacyNoticeVersion };
  const hash = hashText(said);
  return transact(ctx, async (tx) => {
    const { workspaceId, id: publishedBy } = ctx.requireActor();
    const known = await findPurpose(tx.em, purpose);
    if (!known) throw notFound('Purpose');
    if (known.archivedAt) throw invalidInput('purpose', 'is archived.');
    // Versions are counted one after another.
    await sql`select pg_advisory_xact_lock(hashtextextended(${`${workspaceId} ${purpose} ${locale}`}, 0))`.execute(
      tx.sql,
    );
    const published = await tx.em.findOne(ConsentText, { hash });
    if (published) return published;
    const [last] = await tx.em.find(ConsentText, { purpose, locale }, { orderBy: { version: 'desc' }, limit: 1 });
    const version = (last?.version ?? 0) + 1;
    const text = tx.em.create(ConsentText, { ...said, workspaceId, hash, version, publishedAt: tx.now(), publishedBy });
    const after = { purpose, locale, version, sha256: hash };
    tx.audit({ action: 'consent_text.publish', object: { type: 'consent_text', id: workspaceId }, after });
    await tx.em.flush();
    await announceTexts(tx, workspaceId, { purpose, locale });
    return text;
  });
}

/** By which a text is addressed: whoever has the words can reckon it. */
export function hashText(
  text: Pick<ConsentText, 'purpose' | 'locale' | 'body' | 'privacyNoticeUrl' | 'privacyNoticeVersion'>,
): string {
  const { purpose, locale, body, privacyNoticeUrl, privacyNoticeVersion } = text;
  const said = { purpose, locale, body, privacyNoticeUrl, privacyNoticeVersion };
  return createHash('sha256').update(canonicalJson(said)).digest('hex');
}

/** @throws DomainError INVALID_INPUT */
export function checkLocale(locale: string, field = 'locale'): string {
  try {
    const [canonical] = Intl.getCanonicalLocales(locale);
    if (canonical !== undefined && canonical.length <= 35) return canonical;
  } catch {
    // Said below.
  }
  throw invalidInput(field, 'must be a language tag such as de or de-AT.');
}

/** @throws DomainError INVALID_INPUT */
export function checkHttps(url: string, field: string): string {
  const isGood = url.length <= 2_000 && URL.canParse(url) && new URL(url).protocol === 'https:';
  if (!isGood) throw invalidInput(field, 'must be an address beginning with https://, of at most 2000 characters.');
  return url;
}
