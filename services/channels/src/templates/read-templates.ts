import { sql, transact, unnest, type Ctx, type Tx } from '@fenster/database';
import { createPoller, type Poller } from '@fenster/runtime';
import { openCredentials, SEALED_CREDENTIALS, type SealedCredentials } from '../channels/credentials.js';
import type { ChannelsApp } from '../context.js';
import { CHANNEL_KINDS, type ChannelKind } from '../providers/channel-kind.js';
import type {
  ProviderAnswer,
  ProviderCredentials,
  ProviderTemplate,
  TemplateAccount,
  TemplateApi,
} from '../providers/provider.js';
import { changeTemplates, TEMPLATE_COLUMNS, type TemplateChange } from './change-templates.js';
import { applyAbsence, applyReading } from './template-news.rule.js';
import type { Template } from './template.row.js';

const CHECK_MS = 5_000;
/** Webhooks tell of most changes; what they do not tell is at most so old. */
export const READ_AFTER_MS = 24 * 3_600_000;
const AGAIN_AFTER_MS = 10 * 60_000;
const UNREACHABLE_FOR_MS = 10_000;
const AT_ONCE = 4;
/** More than any account may have (whatsapp.md §B3). */
const MAX_TEMPLATES = 10_000;

/** An account at a provider, and how to reach it: by any of its numbers. */
export interface AccountConnection extends TemplateAccount {
  workspaceId: string;
  channelId: string;
  templates: TemplateApi;
  credentials: ProviderCredentials;
}

/** The templates of these accounts are to be read anew, soon. */
export async function wantTemplates(
  tx: Tx,
  accounts: readonly { workspaceId: string; accountId: string }[],
): Promise<void> {
  const now = tx.now();
  await sql`
    insert into template_account (workspace_id, account_id, wanted_at)
    select distinct workspace_id, account_id, ${now}::timestamptz from ${unnest(
      'input',
      { workspace_id: 'uuid', account_id: 'text' },
      accounts.map(({ workspaceId, accountId }) => ({ workspace_id: workspaceId, account_id: accountId })),
    )}
    order by 1, 2
    on conflict (workspace_id, account_id) do update
      set wanted_at = greatest(template_account.wanted_at, excluded.wanted_at), next_try_at = null
  `.execute(tx.sql);
}

/** Reads templates from their providers: soon after a number was connected, when a webhook leaves questions, and daily. */
export function createTemplateReader(ctx: Ctx, app: Pick<ChannelsApp, 'providers' | 'secretKey'>): Poller {
  return createPoller({
    async work(isStopped) {
      for (let wasFull = true; wasFull && !isStopped();) wasFull = (await readSome(ctx, app)) === AT_ONCE;
    },
    everyMs: CHECK_MS,
    name: 'reading templates from their providers',
    log: ctx.log,
  });
}

/** Returns how many accounts there were. */
export async function readSome(ctx: Ctx, app: Pick<ChannelsApp, 'providers' | 'secretKey'>): Promise<number> {
  const kinds = CHANNEL_KINDS.filter((kind) => app.providers[kind].templates);
  const rows = await transact(ctx, (tx) => takeDueAccounts(tx, kinds));
  await Promise.all(
    rows.map(async (row) => {
      try {
        const answer = await readAccount(ctx, toAccountConnection(row, app)!);
        if (answer.kind === 'answered') return;
        const { channelId } = row;
        if (answer.kind === 'refused') {
          const reason = `refused with ${answer.code ?? 'no code'}`;
          return ctx.log.warn({ channelId, reason }, 'the templates of an account cannot be read');
        }
        // It may just be starting, as we are.
        ctx.log.debug({ channelId, reason: answer.reason }, 'a provider cannot be reached');
        await tryAgainSoon(ctx, row);
      } catch (error) {
        ctx.log.error({ err: error, channelId: row.channelId }, 'the templates of an account cannot be stored');
      }
    }),
  );
  return rows.length;
}

export interface AccountRow extends SealedCredentials {
  workspaceId: string;
  accountId: string;
  appId: string;
}

/** Of `c`, a channel. */
export const ACCOUNT_COLUMNS = sql`c.workspace_id as "workspaceId", c.id as "channelId", c.account as "accountId",
  c.app_id as "appId", ${SEALED_CREDENTIALS}`;

/** Undefined where there are no templates. @throws Error if the secrets were sealed with another key */
export function toAccountConnection(
  row: AccountRow,
  { providers, secretKey }: Pick<ChannelsApp, 'providers' | 'secretKey'>,
): AccountConnection | undefined {
  const { workspaceId, channelId, accountId, appId, channelKind } = row;
  const { templates } = providers[channelKind];
  return (
    templates && { workspaceId, channelId, accountId, appId, templates, credentials: openCredentials(secretKey, row) }
  );
}

/** Each by one process at a time, and what failed not at once again. */
async function takeDueAccounts(tx: Tx, kinds: readonly ChannelKind[]): Promise<AccountRow[]> {
  const now = tx.now();
  const readBefore = new Date(now.getTime() - READ_AFTER_MS);
  const nextTryAt = new Date(now.getTime() + AGAIN_AFTER_MS);
  const { rows } = await sql<AccountRow>`
    with candidate as (
      select distinct on (c.workspace_id, c.account) c.workspace_id, c.account, c.id
      from channel c left join template_account a on a.workspace_id = c.workspace_id and a.account_id = c.account
      where c.state = 'ACTIVE' and c.account is not null and c.kind = any(${[...kinds]}::text[])
        and (a.next_try_at is null or a.next_try_at <= ${now})
        and (a.read_at is null or a.read_at < ${readBefore} or a.wanted_at >= a.read_at)
      order by c.workspace_id, c.account, c.id limit ${AT_ONCE}
    ), taken as (
      insert into template_account (workspace_id, account_id, next_try_at)
      select workspace_id, account, ${nextTryAt} from candidate
      on conflict (workspace_id, account_id) do update set next_try_at = excluded.next_try_at
      where template_account.next_try_at is null or template_account.next_try_at <= ${now}
      returning workspace_id, account_id
    )
    select ${ACCOUNT_COLUMNS} from taken
    join candidate on candidate.workspace_id = taken.workspace_id and candidate.account = taken.account_id
    join channel c on c.workspace_id = candidate.workspace_id and c.id = candidate.id
  `.execute(tx.sql);
  return rows;
}

/** Says nothing of the account: it is asked again soon. */
async function tryAgainSoon(ctx: Ctx, { workspaceId, accountId }: AccountRow): Promise<void> {
  const nextTryAt = new Date(ctx.now().getTime() + UNREACHABLE_FOR_MS);
  await transact(ctx, (tx) =>
    sql`
      update template_account set next_try_at = least(next_try_at, ${nextTryAt}::timestamptz)
      where workspace_id = ${workspaceId} and account_id = ${accountId}
    `.execute(tx.sql),
  );
}

/** Reads all templates of an account, and keeps what the provider says; what it does not list any more is deleted. */
export async function readAccount(
  ctx: Ctx,
  { workspaceId, templates: api, credentials, ...account }: AccountConnection,
): Promise<ProviderAnswer<Template[]>> {
  const asOf = ctx.now();
  const found: ProviderTemplate[] = [];
  for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
    const answer = await api.list(account, credentials, after);
    if (answer.kind !== 'answered') return answer;
    found.push(...answer.value.templates);
    if (found.length > MAX_TEMPLATES) return { kind: 'unreachable', reason: 'too many templates' };
    after = answer.value.after;
  }
  const { accountId } = account;
  const of = { workspaceId, accountId };
  const value = await transact(ctx, async (tx) => {
    const read = found.map(({ name, language, ...read }): TemplateChange => ({
      ...of,
      name,
      language,
      change: (state) => applyReading(state, { ...read, name, language }, asOf),
    }));
    const templates = await changeTemplates(tx, [...read, ...(await missingFrom(tx, of, found, asOf))]);
    await sql`
      insert into template_account (workspace_id, account_id, read_at) values (${workspaceId}, ${accountId}, ${asOf})
      on conflict (workspace_id, account_id) do update
        set read_at = greatest(template_account.read_at, excluded.read_at), next_try_at = null
    `.execute(tx.sql);
    return templates;
  });
  return { kind: 'answered', value };
}

/** Those that we know from before it was read, and the provider does not list. */
async function missingFrom(
  tx: Tx,
  { workspaceId, accountId }: { workspaceId: string; accountId: string },
  found: readonly ProviderTemplate[],
  asOf: Date,
): Promise<TemplateChange[]> {
  const listed = new Set(found.map(({ name, language }) => `${name} ${language}`));
  const { rows } = await sql<Template>`
    select ${TEMPLATE_COLUMNS} from template
    where workspace_id = ${workspaceId} and account_id = ${accountId} and status <> 'DELETED' and created_at < ${asOf}
  `.execute(tx.sql);
  return rows
    .filter(({ name, language }) => !listed.has(`${name} ${language}`))
    .map(({ name, language }) => ({
      workspaceId,
      accountId,
      name,
      language,
      change: (state) => applyAbsence(state, asOf),
    }));
}
