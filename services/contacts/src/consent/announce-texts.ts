import { consentTextChanged, type PurposeKind } from '@fenster/contracts';
import { sql, tenantTable, type MigrationStep, type Renewal, type Tx } from '@fenster/database';
import { builtInPurpose } from './purpose.queries.js';

export const textAnnouncementMigration: MigrationStep = {
  name: '202611221335-consent-text-announcements',
  statements: [
    // When others were last told what is asked for a purpose in a language: texts themselves never change.
    `create table consent_text_announcement (
       workspace_id uuid not null,
       purpose text not null,
       locale text not null,
       announced_at timestamptz not null,
       primary key (workspace_id, purpose, locale)
     )`,
    `create index consent_text_announced on consent_text_announcement (workspace_id, announced_at)`,
    ...tenantTable('contacts', 'consent_text_announcement'),
    // Those that were published before anybody was told.
    `insert into consent_text_announcement
       select distinct workspace_id, purpose, locale, '-infinity'::timestamptz from consent_text`,
  ],
};

interface Row {
  purpose: string;
  locale: string;
  kind: PurposeKind | null;
  is_archived: boolean | null;
  version: number;
  hash: string;
  body: string;
  privacy_notice_url: string;
  privacy_notice_version: string;
}

/** What people are asked now. Without a locale, in each that there is. */
export async function announceTexts(
  tx: Tx,
  workspaceId: string,
  { purpose, locale }: { purpose: string; locale?: string },
): Promise<void> {
  await tell(
    tx,
    workspaceId,
    sql`purpose = ${purpose} and ${locale === undefined ? sql`true` : sql`locale = ${locale}`}`,
  );
}

async function tell(tx: Tx, workspaceId: string, which: ReturnType<typeof sql<boolean>>): Promise<number> {
  const { rows } = await sql<Row>`
    with told as (
      insert into consent_text_announcement (workspace_id, purpose, locale, announced_at)
      select distinct workspace_id, purpose, locale, ${tx.now()}::timestamptz from consent_text
      where workspace_id = ${workspaceId} and ${which}
      on conflict (workspace_id, purpose, locale) do update set announced_at = excluded.announced_at
      returning purpose, locale
    )
    select text.*, purpose.kind, purpose.archived_at is not null as is_archived
    from told cross join lateral (
      select purpose, locale, version, hash, body, privacy_notice_url, privacy_notice_version from consent_text
      where workspace_id = ${workspaceId} and consent_text.purpose = told.purpose and consent_text.locale = told.locale
      order by version desc limit 1
    ) text
    left join consent_purpose purpose on purpose.workspace_id = ${workspaceId} and purpose.key = text.purpose
    order by text.purpose, text.locale
  `.execute(tx.sql);
  for (const { purpose, locale, kind, is_archived: isArchived, version, hash, body, ...notice } of rows) {
    tx.emit(consentTextChanged, {
      workspaceId,
      entityId: workspaceId,
      data: {
        purpose,
        purposeKind: kind ?? builtInPurpose(purpose)!.kind,
        locale,
        version,
        hash,
        body,
        privacyNoticeUrl: notice.privacy_notice_url,
        privacyNoticeVersion: notice.privacy_notice_version,
        isAsked: !isArchived,
      },
    });
  }
  return rows.length;
}

const MAX_AT_ONCE = 100;

/** Keeps in the stream what people are asked, for whoever reads it from its beginning. */
export const textRenewal: Renewal = {
  name: 'renewing texts of consent',
  async workspaces({ database }, before) {
    const { rows } = await sql<{ id: string }>`
      select distinct workspace_id as id from consent_text_announcement where announced_at < ${before} order by id
    `.execute(database.system().getKysely());
    return rows.map(({ id }) => id);
  },
  async renew(tx, workspaceId, before) {
    const due = sql<boolean>`(purpose, locale) in (
      select purpose, locale from consent_text_announcement
      where workspace_id = ${workspaceId} and announced_at < ${before}
      order by announced_at limit ${MAX_AT_ONCE} for no key update skip locked
    )`;
    return (await tell(tx, workspaceId, due)) >= MAX_AT_ONCE;
  },
};
