import { array, sql, type Ctx } from '@fenster/database';
import { BYTE_ORDER_MARK, csvRows, isStored, storeFile, type JobDefinition, type JobRun } from '@fenster/jobs';
import type { ObjectStore } from '@fenster/object-store';
import { ContactAttribute } from '../attributes/attribute.entity.js';
import type { Address } from '../contacts/contact.rule.js';

export interface ExportSettings {
  format: 'CSV' | 'JSON';
  /** Numbers and addresses too: what reaches people. */
  withAddresses: boolean;
  /** Only contacts with one of these; of all, if there are none. */
  labelIds: readonly string[];
}

export interface ExportedContact {
  id: string;
  name: string | null;
  phone: string | null;
  email: string | null;
  language: string | null;
  street: string | null;
  postalCode: string | null;
  city: string | null;
  region: string | null;
  country: string | null;
  labels: string[];
  attributes: Record<string, string>;
  createdAt: Date;
}

const PAGE = 1_000;
const MAX_BYTES = 10_000_000_000;

/**
 * Writes contacts into a file, page after page in the order of their ids. An export that broke off begins a new file: the
 * one that is there in the end has everybody once.
 */
export function exportJob(options: { store: ObjectStore; secretKey: Buffer }): JobDefinition {
  return {
    kinds: ['CONTACT_EXPORT'],
    async run({ job, ctx, signal, commit }: JobRun<ExportSettings>) {
      const { workspaceId, settings } = job;
      // Whoever wrote it went away before telling so.
      if (await isStored(ctx, workspaceId, job.resultFileId!)) return;
      const total = await countContacts(ctx, workspaceId, settings);
      const attributes = await ctx.database.forTenant(workspaceId).find(ContactAttribute, { archivedAt: null });
      const keys = attributes.map(({ key }) => key).toSorted();
      async function* content(): AsyncGenerator<Buffer, void> {
        let position = 0;
        let last: string | undefined;
        yield Buffer.from(settings.format === 'CSV' ? csvHeader(settings, keys) : '[');
        for (;;) {
          signal.throwIfAborted();
          const page = await readPage(ctx, workspaceId, settings, last);
          if (page.length === 0) break;
          yield Buffer.from(
            settings.format === 'CSV'
              ? csvContacts(page, settings, keys)
              : page
                  .map((contact, at) => (position + at > 0 ? ',\n' : '\n') + jsonOf(contact, settings, keys))
                  .join(''),
          );
          position += page.length;
          last = page.at(-1)!.id;
          await commit(async () => ({ position, total }));
        }
        if (settings.format === 'JSON') yield Buffer.from('\n]\n');
      }
      await storeFile({ ...options, ctx }, workspaceId, job.resultFileId!, content(), {
        maxBytes: MAX_BYTES,
        replaces: true,
      });
    },
  };
}

const chosen = ({ labelIds }: ExportSettings, workspaceId: string) =>
  labelIds.length === 0
    ? sql``
    : sql`and exists (
        select from labelled_contact labelled where labelled.workspace_id = ${workspaceId}
          and labelled.contact_id = contact.id and labelled.label_id = any(${array('uuid', labelIds)})
      )`;

async function countContacts(ctx: Ctx, workspaceId: string, settings: ExportSettings): Promise<number> {
  const [row] = await ctx.database.readForTenant(
    workspaceId,
    sql<{ count: number }>`
      select count(*)::float8 as count from contact where workspace_id = ${workspaceId} ${chosen(settings, workspaceId)}
    `,
  );
  return row!.count;
}

async function readPage(
  ctx: Ctx,
  workspaceId: string,
  settings: ExportSettings,
  after: string | undefined,
): Promise<ExportedContact[]> {
  const rows = await ctx.database.readForTenant(
    workspaceId,
    sql<Omit<ExportedContact, keyof Address> & { address: Address | null }>`
      select contact.id, contact.name, contact.email, contact.language, contact.address, contact.created_at as "createdAt",
        (
          select value from contact_identity identity where identity.workspace_id = ${workspaceId}
            and identity.contact_id = contact.id and identity.kind = 'PHONE' and identity.valid_to is null
          order by valid_from desc, identity.id desc limit 1
        ) as phone,
        array(
          select label.name from labelled_contact labelled join contact_label label
            on label.workspace_id = labelled.workspace_id and label.id = labelled.label_id
          where labelled.workspace_id = ${workspaceId} and labelled.contact_id = contact.id order by label.name
        ) as labels,
        coalesce((
          select jsonb_object_agg(stored.key, stored.value) from contact_attribute_value stored
          where stored.workspace_id = ${workspaceId} and stored.contact_id = contact.id
        ), '{}') as attributes
      from contact
      where workspace_id = ${workspaceId} ${after === undefined ? sql`` : sql`and contact.id > ${after}`}
        ${chosen(settings, workspaceId)}
      order by contact.id limit ${PAGE}
    `,
  );
  return rows.map(({ address, ...row }) => ({ ...row, ...(address ?? NOWHERE) }));
}

const NOWHERE: Address = { street: null, postalCode: null, city: null, region: null, country: null };

/** As an import takes them. */
const REACHING = ['phone', 'email', 'street', 'postalCode', 'city', 'region', 'country'] as const;

function columnsOf({ withAddresses }: ExportSettings): (keyof ExportedContact)[] {
  return ['id', 'name', ...(withAddresses ? REACHING : []), 'language', 'labels', 'createdAt'];
}

export function csvHeader(settings: ExportSettings, attributes: readonly string[]): string {
  return BYTE_ORDER_MARK + csvRows([[...columnsOf(settings), ...attributes.map((key) => `attribute.${key}`)]]);
}

export function csvContacts(
  contacts: readonly ExportedContact[],
  settings: ExportSettings,
  attributes: readonly string[],
): string {
  const columns = columnsOf(settings);
  return csvRows(
    contacts.map((contact) => [
      ...columns.map((column) => toCell(contact[column])),
      ...attributes.map((key) => contact.attributes[key] ?? ''),
    ]),
  );
}

function toCell(value: ExportedContact[keyof ExportedContact]): string {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(quoteLabel).join('; ');
  return typeof value === 'string' ? value : '';
}

/** What an import would split, it takes whole in quotation marks. */
function quoteLabel(name: string): string {
  return /[,;|"]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}

export function jsonOf(contact: ExportedContact, settings: ExportSettings, keys: readonly string[]): string {
  const shown = columnsOf(settings).map((column) => [column, contact[column]]);
  const attributes = Object.entries(contact.attributes).filter(([key]) => keys.includes(key));
  return JSON.stringify({ ...Object.fromEntries(shown), attributes: Object.fromEntries(attributes) });
}
