import { isDeepStrictEqual } from 'node:util';
import { authorize } from '@fenster/auth';
import { sql, transact } from '@fenster/database';
import { DomainError, invalidInput, isId } from '@fenster/runtime';
import { abilityOf } from '../ability.js';
import { Channel } from '../channels/channel.entity.js';
import { valueOf } from '../channels/number.commands.js';
import type { ChannelsContext } from '../context.js';
import { findUploadedFiles, HANDOVER_TIMEOUT_MS } from '../media/uploaded-files.js';
import type { TemplateDraft } from '../providers/provider.js';
import { changeTemplates, tellDrift } from './change-templates.js';
import {
  ACCOUNT_COLUMNS,
  readAccount,
  toAccountConnection,
  type AccountConnection,
  type AccountRow,
} from './read-templates.js';
import { readDraft, type Draft } from './template-draft.js';
import { applyNews, applySubmission, hashOf } from './template-news.rule.js';
import { TemplateEntity } from './template.entity.js';
import type { Template } from './template.row.js';
import type { CreateTemplateInput, EditTemplateInput } from './template.types.js';

/** `error_subcode` of a name that has a template in this language. */
const NAME_TAKEN = 2_388_024;
const EDITABLE: readonly Template['status'][] = ['APPROVED', 'REJECTED', 'PAUSED'];

/**
 * Submits a template for review. The same once more changes nothing: its name in its language is its key.
 * @throws DomainError NOT_FOUND, INVALID_INPUT, NO_TEMPLATES, TEMPLATE_EXISTS, PROVIDER_REFUSED, PROVIDER_UNREACHABLE
 */
export async function createTemplate(ctx: ChannelsContext, input: CreateTemplateInput): Promise<TemplateEntity> {
  const { channelId, name, language, category, parameterFormat, ...rest } = input;
  const draft = readDraft(rest, { name, language, category, parameterFormat: parameterFormat ?? 'POSITIONAL' });
  const account = await findAccount(ctx, { channelId });
  const known = await findByName(ctx, account, draft);
  if (known && known.status !== 'DELETED') return sameOrTaken(known, draft);
  const submission = await withExamples(ctx, account, draft);
  const at = ctx.now();
  const answer = await account.templates.create(account, submission, account.credentials);
  if (answer.kind === 'refused' && answer.subcode === NAME_TAKEN) {
    // Submitted elsewhere, or by us when the answer was lost.
    valueOf(await readAccount(ctx, account));
    const there = await findByName(ctx, account, draft);
    if (there) return sameOrTaken(there, draft);
  }
  const accepted = valueOf(answer);
  const { workspaceId, accountId } = account;
  const { template } = draft;
  return transact(ctx, async (tx) => {
    const change = { workspaceId, accountId, name, language: template.language };
    const [created] = await changeTemplates(tx, [
      { ...change, change: (state) => applySubmission(state, template, accepted, at) },
    ]);
    const { category: given } = accepted;
    if (given !== category) tellDrift(tx, created!, { from: category, to: given, phase: 'DONE', effectiveAt: at });
    tx.audit({
      action: 'template.create',
      object: { type: 'template', id: created!.id },
      after: { name, language: template.language, category },
    });
    return tx.em.findOneOrFail(TemplateEntity, { id: created!.id });
  });
}

/**
 * Submits other words, in place of those there are.
 * @throws DomainError NOT_FOUND, INVALID_INPUT, NO_TEMPLATES, TEMPLATE_NOT_EDITABLE, PROVIDER_REFUSED, PROVIDER_UNREACHABLE
 */
export async function editTemplate(ctx: ChannelsContext, input: EditTemplateInput): Promise<TemplateEntity> {
  const { templateId, category: wanted, ...rest } = input;
  const before = await findTemplate(ctx, templateId);
  const { name, language, parameterFormat, status, accountId, providerTemplateId } = before;
  if (!EDITABLE.includes(status) || providerTemplateId == null) {
    throw new DomainError(
      'TEMPLATE_NOT_EDITABLE',
      'WhatsApp does not take changes of this template now. Wait for its review, or create another one.',
      { details: { templateStatus: status } },
    );
  }
  const category = wanted ?? submittable(before);
  if (status === 'APPROVED' && category !== before.category) {
    throw invalidInput('category', 'cannot be changed while the template is APPROVED.');
  }
  const draft = readDraft(rest, { name, language, category, parameterFormat });
  const account = await findAccount(ctx, { accountId });
  const submission = await withExamples(ctx, account, draft);
  const at = ctx.now();
  valueOf(await account.templates.edit(providerTemplateId, submission, account.credentials));
  const accepted = { providerTemplateId, status: 'PENDING', category } as const;
  return transact(ctx, async (tx) => {
    const change = { workspaceId: account.workspaceId, accountId, name, language };
    await changeTemplates(tx, [{ ...change, change: (state) => applySubmission(state, draft.template, accepted, at) }]);
    tx.audit({
      action: 'template.update',
      object: { type: 'template', id: templateId },
      ...(category !== before.category && { before: { category: before.category }, after: { category } }),
    });
    return tx.em.findOneOrFail(TemplateEntity, { id: templateId });
  });
}

/**
 * Deletes it at the provider, in this language. Messages that were sent with it keep what they said.
 * @throws DomainError NOT_FOUND, NO_TEMPLATES, PROVIDER_REFUSED, PROVIDER_UNREACHABLE
 */
export async function deleteTemplate(ctx: ChannelsContext, templateId: string): Promise<TemplateEntity> {
  const template = await findTemplate(ctx, templateId);
  const { name, language, accountId, providerTemplateId } = template;
  if (template.status === 'DELETED') return template;
  const account = await findAccount(ctx, { accountId });
  const at = ctx.now();
  if (providerTemplateId != null) {
    valueOf(await account.templates.remove(account, { name, language, providerTemplateId }, account.credentials));
  }
  return transact(ctx, async (tx) => {
    const status = { status: 'DELETED', rejection: null } as const;
    await changeTemplates(tx, [
      {
        workspaceId: account.workspaceId,
        accountId,
        name,
        language,
        change: (state) => applyNews(state, { name, language, status }, at),
      },
    ]);
    tx.audit({ action: 'template.delete', object: { type: 'template', id: templateId }, before: { name, language } });
    return tx.em.findOneOrFail(TemplateEntity, { id: templateId });
  });
}

/**
 * Reads all templates of the channel's account from its provider now. Fenster does so by itself, too.
 * @throws DomainError NOT_FOUND, NO_TEMPLATES, PROVIDER_REFUSED, PROVIDER_UNREACHABLE
 */
export async function syncTemplates(ctx: ChannelsContext, channelId: string): Promise<{ count: number }> {
  const account = await findAccount(ctx, { channelId });
  const templates = valueOf(await readAccount(ctx, account));
  return { count: templates.filter(({ status }) => status !== 'DELETED').length };
}

/** What was meant for something that Fenster does not know is taken for marketing, the strictest. */
function submittable({ category }: TemplateEntity) {
  return category === 'OTHER' ? 'MARKETING' : category;
}

async function findTemplate(ctx: ChannelsContext, id: string): Promise<TemplateEntity> {
  const template = isId(id) ? await ctx.em.findOne(TemplateEntity, { id }) : null;
  authorize(abilityOf(ctx), 'update', 'Template', template);
  return template;
}

/** @throws DomainError NOT_FOUND for a channel that the actor may not see, NO_TEMPLATES, PROVIDER_UNREACHABLE */
async function findAccount(
  ctx: ChannelsContext,
  by: { channelId: string } | { accountId: string },
): Promise<AccountConnection> {
  const { workspaceId } = ctx.requireActor();
  if ('channelId' in by) {
    const channel = isId(by.channelId) ? await ctx.em.findOne(Channel, { id: by.channelId }) : null;
    authorize(abilityOf(ctx), 'read', 'Channel', channel);
  }
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<AccountRow>`
      select ${ACCOUNT_COLUMNS} from channel c where c.workspace_id = ${workspaceId}
        and ${'channelId' in by ? sql`c.id = ${by.channelId}` : sql`c.account = ${by.accountId}`}
      order by c.state <> 'ACTIVE', c.id limit 1
    `,
  );
  const [row] = rows;
  if (!row)
    throw new DomainError('PROVIDER_UNREACHABLE', 'No channel of this account is connected any more.', {
      details: { providerCode: null },
    });
  const account = row.accountId === null ? undefined : toAccountConnection(row, ctx.app);
  if (!account) throw new DomainError('NO_TEMPLATES', 'Channels of this kind have no templates.');
  return account;
}

function findByName(
  ctx: ChannelsContext,
  { workspaceId, accountId }: AccountConnection,
  { template: { name, language } }: Draft,
): Promise<TemplateEntity | null> {
  return ctx.database.forTenant(workspaceId).findOne(TemplateEntity, { accountId, name, language });
}

/** @throws DomainError TEMPLATE_EXISTS unless it is what the draft says. */
function sameOrTaken(known: TemplateEntity, { template }: Draft): TemplateEntity {
  // Of what was submitted elsewhere, or when the answer was lost, there is only what the provider tells.
  const isSame =
    known.submissionHash == null
      ? isDeepStrictEqual(known.definition, template.definition)
      : known.submissionHash === hashOf(template);
  if (isSame) return known;
  throw new DomainError(
    'TEMPLATE_EXISTS',
    'There is a template of this name in this language. Edit it, or choose another name.',
    { field: 'name', details: { templateId: known.id } },
  );
}

/** What Meta takes as an example of each kind. */
const EXAMPLE_TYPES = {
  IMAGE: ['image/jpeg', 'image/png'],
  VIDEO: ['video/mp4'],
  DOCUMENT: ['application/pdf'],
} as const;

/** Gives the examples to the provider. @throws DomainError INVALID_INPUT for what is no such file */
async function withExamples(
  ctx: ChannelsContext,
  account: AccountConnection,
  { template, examples }: Draft,
): Promise<TemplateDraft> {
  const known = await findUploadedFiles(
    ctx,
    account.workspaceId,
    examples.map(({ mediaId }) => mediaId),
  );
  for (const { field, mediaId, mediaKind } of examples) {
    const types: readonly string[] = EXAMPLE_TYPES[mediaKind];
    if (!types.includes(known.get(mediaId)?.mimeType ?? '')) {
      throw invalidInput(field, `must be an uploaded file that is READY: ${types.join(' or ')}.`);
    }
  }
  const exampleHandles: string[] = [];
  for (const { mediaId } of examples) {
    const file = known.get(mediaId)!.open();
    const signal = AbortSignal.timeout(HANDOVER_TIMEOUT_MS);
    exampleHandles.push(valueOf(await account.templates.uploadExample(account, file, account.credentials, signal)));
  }
  return { ...template, exampleHandles };
}
