import { once, sql, transact } from '@fenster/database';
import {
  announceFile,
  fileUrl,
  findFile,
  findJob,
  readFile,
  URL_MINUTES,
  type Job,
  type StoredFile,
} from '@fenster/jobs';
import { checkLabelIds, checkText, DomainError, invalidInput, isId, newId, notFound } from '@fenster/runtime';
import { ContactAttribute } from '../attributes/attribute.entity.js';
import { ConsentText } from '../consent/consent.entity.js';
import { findPurpose } from '../consent/purpose.queries.js';
import { checkCountry } from '../contacts/contact.rule.js';
import type { ContactsContext } from '../context.js';
import { contactJobs } from '../jobs/contact-jobs.js';
import { lockLabels } from '../labels/contact-label.commands.js';
import { IMPORT_FIELDS, type ImportSettings, type MappedColumn } from './import.rule.js';
import type { CreateImportUploadInput, ImportColumn, ImportColumnInput, StartImportInput } from './import.types.js';
import { delimiterOf, readCsv, UnreadableFileError, type CsvForm } from './read-csv.js';

const SAMPLE_ROWS = 3;
/** Whoever the names of columns tell something has read more than enough. */
const MAX_COLUMNS = 300;

/** Announces a file; its bytes come by its URL. @throws DomainError INVALID_INPUT, IDEMPOTENCY_CONFLICT, NOT_FOUND */
export async function createImportUpload(
  ctx: ContactsContext,
  input: CreateImportUploadInput,
): Promise<StoredFile & { uploadUrl: string }> {
  const name = checkText(input.fileName, 'fileName', { max: 240 });
  const { workspaceId } = ctx.requireActor();
  const file = await transact(ctx, async (tx) => {
    const request = { key: input.idempotencyKey, operation: 'createImportUpload', input: { name } };
    const expiresAt = new Date(tx.now().getTime() + URL_MINUTES * 60_000);
    const id = await once(tx, request, newId(), (id) => announceFile(tx, { workspaceId, id, name, expiresAt }));
    return findFile(tx, workspaceId, id);
  });
  // The same key, after nothing came for so long that it is gone.
  if (!file) throw notFound('Upload', 'idempotencyKey');
  return { ...file, uploadUrl: fileUrl(ctx.app, 'file upload', file, file.expiresAt) };
}

/** The names of a file's columns, and what stands in the first rows, to map them by. */
export async function readColumns(
  ctx: ContactsContext,
  fileId: string,
  form: Partial<CsvForm>,
): Promise<ImportColumn[]> {
  const { header, samples } = await readHead(ctx, fileId, form);
  return header.map((name, index) => ({ name, samples: samples.map((cells) => cells[index] ?? '') }));
}

async function readHead(
  ctx: ContactsContext,
  fileId: string,
  { encoding = 'utf-8', delimiter: given }: Partial<CsvForm>,
): Promise<{ header: string[]; samples: string[][]; form: CsvForm }> {
  const { workspaceId } = ctx.requireActor();
  const file = isId(fileId) ? await transact(ctx, (tx) => findFile(tx, workspaceId, fileId)) : undefined;
  // What is a contact's, or is to be, is not for all who may import.
  if (!file || file.mimeType !== null) throw notFound('Upload', 'uploadId');
  if (file.state !== 'READY') throw invalidInput('uploadId', 'must be that of a file that has come.');
  const { store, secretKey } = ctx.app;
  const open = () => readFile({ ctx, store, secretKey }, workspaceId, fileId);
  const delimiter = given ?? delimiterOf(await firstLine(open(), encoding));
  const form = { encoding, delimiter };
  const rows: string[][] = [];
  try {
    for await (const { cells } of readCsv(open(), form)) {
      rows.push(cells);
      if (rows.length > SAMPLE_ROWS) break;
    }
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error;
    throw new DomainError('UNREADABLE_FILE', READING[error.reason], {
      field: 'uploadId',
      details: { reason: error.reason },
    });
  }
  const [header = [], ...samples] = rows;
  if (header.length === 0)
    throw new DomainError('UNREADABLE_FILE', 'The file is empty.', { details: { reason: 'EMPTY' } });
  if (header.length > MAX_COLUMNS) throw invalidInput('uploadId', `must have at most ${MAX_COLUMNS} columns.`);
  return { header: header.map((name) => name.trim()), samples, form };
}

const READING: Record<UnreadableFileError['reason'], string> = {
  WRONG_ENCODING: 'The file is not in this encoding. Choose WINDOWS_1252, or save it as UTF-8.',
  MALFORMED: 'A quotation mark is not closed, or stands where none may stand.',
  ROW_TOO_LONG: 'A row is longer than a row can be: is a quotation mark not closed?',
};

async function firstLine(content: AsyncGenerator<Buffer, void>, encoding: string): Promise<string> {
  for await (const bytes of content) return new TextDecoder(encoding).decode(bytes).split(/[\r\n]/, 1)[0]!;
  return '';
}

/**
 * Queues an import, or a dry run of it, by the settings checked now.
 * @throws DomainError INVALID_INPUT naming the field, NOT_FOUND, UNREADABLE_FILE, IDEMPOTENCY_CONFLICT
 */
export async function startImport(ctx: ContactsContext, input: StartImportInput): Promise<Job> {
  const { uploadId, isDryRun, channelId, duplicates, idempotencyKey: key } = input;
  const encoding = input.encoding === 'WINDOWS_1252' ? 'windows-1252' : 'utf-8';
  if (!isId(channelId)) throw notFound('Channel', 'channelId');
  const labelIds = checkLabelIds(input.labelIds ?? [], 'labelIds');
  const given = input.delimiter ?? undefined;
  if (given !== undefined && !/^[,;|\t]$/.test(given)) throw invalidInput('delimiter', 'must be one of , ; | and tab.');
  const { header, form } = await readHead(ctx, uploadId, { encoding, delimiter: given });
  return transact(ctx, async (tx) => {
    const { workspaceId, permissions } = ctx.requireActor();
    const attributes = await tx.em.find(ContactAttribute, { archivedAt: null });
    const columns = mapColumns(
      header,
      input.columns,
      attributes.map((attribute) => attribute.key),
    );
    await lockLabels(tx, workspaceId, labelIds, 'labelIds');
    let consent: ImportSettings['consent'] = null;
    if (input.consent) {
      if (!permissions.includes('consent:record'))
        throw invalidInput('consent', 'needs the permission consent:record.');
      const { purpose, textHash } = input.consent;
      const known = await findPurpose(tx.em, purpose);
      if (!known || known.archivedAt) throw notFound('Purpose', 'consent.purpose');
      const text = textHash == null ? null : await tx.em.findOne(ConsentText, { hash: textHash, purpose });
      if (textHash != null && !text) {
        throw invalidInput('consent.textHash', 'must be that of a published text of this purpose.');
      }
      consent = text ? { purpose, textHash: text.hash, locale: text.locale } : { purpose, textHash: null };
    }
    const settings: ImportSettings = {
      ...form,
      columns,
      channelId,
      country: input.country == null ? null : checkCountry(input.country, 'country'),
      duplicates,
      labelIds,
      consent,
    };
    const kind = isDryRun ? 'CONTACT_IMPORT_DRY_RUN' : 'CONTACT_IMPORT';
    const id = await contactJobs.create(tx, { key, kind, settings, fileId: uploadId });
    if (!isDryRun) {
      // The job may still have to be done when the file would have ended.
      await sql`
        update stored_file set expires_at = greatest(expires_at, ${new Date(tx.now().getTime() + 7 * 86_400_000)})
        where workspace_id = ${workspaceId} and id = ${uploadId}
      `.execute(tx.sql);
    }
    tx.audit({
      action: 'contact_import.start',
      object: { type: 'contact_import', id },
      after: { duplicates, isDryRun },
    });
    tx.afterCommit(ctx.app.wakeJobs);
    return (await findJob(tx, workspaceId, id))!;
  });
}

/** Of the columns of the file those that are taken, by their places. @throws DomainError INVALID_INPUT */
function mapColumns(
  header: readonly string[],
  inputs: readonly ImportColumnInput[],
  attributes: readonly string[],
): MappedColumn[] {
  const taken = new Set<string>();
  const columns = inputs.map(({ column, field, attribute = null }, at): MappedColumn => {
    const index = header.indexOf(column);
    if (index === -1) throw invalidInput(`columns.${at}.column`, 'must be the name of a column of the file.');
    if ((field === 'ATTRIBUTE') !== (attribute !== null)) {
      throw invalidInput(`columns.${at}.attribute`, 'is needed of an ATTRIBUTE, and of nothing else.');
    }
    if (attribute !== null && !attributes.includes(attribute)) {
      throw invalidInput(`columns.${at}.attribute`, 'must be the key of an attribute.');
    }
    const means = `${field} ${attribute ?? ''}`;
    if (taken.has(means)) throw invalidInput(`columns.${at}.field`, 'must be there once.');
    taken.add(means);
    return { index, name: column, field, attribute };
  });
  if (!columns.some(({ field }) => field === 'PHONE' || field === 'EMAIL')) {
    throw invalidInput('columns', 'must have a PHONE or an EMAIL: by what else would people be known?');
  }
  // In one order, whatever the mapping's: what a row says first is refused first.
  return columns.toSorted((a, b) => IMPORT_FIELDS.indexOf(a.field) - IMPORT_FIELDS.indexOf(b.field));
}
