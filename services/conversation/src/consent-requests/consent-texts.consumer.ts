import { consentTextChanged, type ConsentTextChanged, type Envelope } from '@fenster/contracts';
import { defineConsumer, on, sql, unnest, type Tx } from '@fenster/database';

/** What people may be asked. */
export const consentTextsConsumer = defineConsumer({
  name: 'conversation-consent-texts',
  filter: 'contacts.consent_text.changed.>',
  subscriptions: [on(consentTextChanged, storeTexts)],
});

async function storeTexts(tx: Tx, events: readonly Envelope<ConsentTextChanged>[]): Promise<void> {
  // Each says all of its text, so only the last one of a batch counts.
  const latest = new Map(
    events.map((event) => [[event.workspaceId, event.data.purpose, event.data.locale].join(' '), event]),
  );
  await sql`
    insert into consent_text as known (workspace_id, purpose, locale, purpose_kind, version, hash, body,
      privacy_notice_url, privacy_notice_version, is_asked)
    select * from ${unnest(
      'input',
      {
        workspace_id: 'uuid',
        purpose: 'text',
        locale: 'text',
        purpose_kind: 'text',
        version: 'int',
        hash: 'text',
        body: 'text',
        privacy_notice_url: 'text',
        privacy_notice_version: 'text',
        is_asked: 'boolean',
      },
      [...latest.values()].map(({ workspaceId, data }) => ({
        workspace_id: workspaceId,
        purpose: data.purpose,
        locale: data.locale,
        purpose_kind: data.purposeKind,
        version: data.version,
        hash: data.hash,
        body: data.body,
        privacy_notice_url: data.privacyNoticeUrl,
        privacy_notice_version: data.privacyNoticeVersion,
        is_asked: data.isAsked,
      })),
    )}
    on conflict (workspace_id, purpose, locale) do update set purpose_kind = excluded.purpose_kind,
      version = excluded.version, hash = excluded.hash, body = excluded.body,
      privacy_notice_url = excluded.privacy_notice_url, privacy_notice_version = excluded.privacy_notice_version,
      is_asked = excluded.is_asked
  `.execute(tx.sql);
}
