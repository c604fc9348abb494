import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { renderHtml, type DocumentLanguage } from '@fenster/documents';
import yazl from 'yazl';
import { dataPath, pagePath, type ArchiveFacts, type RecordSet } from './archive.js';
import { overviewDocument, pageDocument, PAGE_RECORDS, shownKind } from './archive-documents.js';

export const ARCHIVE_TYPE = 'data-copy+jwt';

/** What is signed: the archive, file by file. */
export interface ArchiveManifest {
  requestId: string;
  reference: string;
  issuedAt: string;
  issuer: string;
  keys: string;
  files: { path: string; bytes: number; sha256: string }[];
}

interface Entry {
  path: string;
  content: AsyncIterable<Buffer> | Iterable<Buffer>;
  /** Pictures and recordings are as small as they get. */
  isCompressed: boolean;
}

/** As a ZIP, piece by piece: memory grows neither with the files nor with what was said. */
export async function* writeArchive(facts: ArchiveFacts): AsyncGenerator<Buffer, void> {
  const zip = new yazl.ZipFile();
  const output = zip.outputStream as Readable;
  zip.on('error', (error) => output.destroy(error as Error));
  const filling = fill(zip, facts).catch((error: unknown) => void output.destroy(error as Error));
  try {
    yield* output as AsyncIterable<Buffer>;
  } finally {
    output.destroy();
    zip.emit('abandoned');
    await filling;
  }
}

async function fill(zip: yazl.ZipFile, facts: ArchiveFacts): Promise<void> {
  const { signingKey, requestId, reference, issuedAt, controller, jwksUrl } = facts;
  const files: ArchiveManifest['files'] = [];
  const add = async ({ path, content, isCompressed }: Entry) => {
    const hash = createHash('sha256');
    let bytes = 0;
    const counted = Readable.from(
      (async function* () {
        for await (const chunk of content) {
          hash.update(chunk);
          bytes += chunk.length;
          yield chunk;
        }
      })(),
      { objectMode: false },
    );
    const abandon = () => counted.destroy(new Error('Nobody reads the archive any more.'));
    zip.once('abandoned', abandon);
    zip.addReadStream(counted, path, { mtime: issuedAt, compress: isCompressed });
    await finished(counted);
    zip.off('abandoned', abandon);
    files.push({ path, bytes, sha256: hash.digest('hex') });
  };
  for await (const entry of entriesOf(facts)) await add(entry);
  const manifest: ArchiveManifest = {
    requestId,
    reference,
    issuedAt: issuedAt.toISOString(),
    issuer: controller ? `${controller.name}, ${controller.address}` : 'Fenster',
    keys: jwksUrl,
    files: [...files],
  };
  await add(textEntry('manifest.json', JSON.stringify(manifest, null, 2)));
  await add(textEntry('manifest.jws', signingKey.signJws(manifest, ARCHIVE_TYPE)));
  zip.end();
}

const UNREADABLE: Readonly<Record<DocumentLanguage, string>> = {
  de: 'Diese Datei ist gespeichert, lässt sich aber nicht lesen. Bitte fragen Sie danach.\n',
  en: 'This file is stored, but cannot be read. Please ask for it.\n',
};

async function* entriesOf(facts: ArchiveFacts): AsyncGenerator<Entry, void> {
  const { sets } = facts;
  yield textEntry('index.html', renderHtml(overviewDocument(facts, sets)));
  for (const set of sets) {
    yield { path: dataPath(set), content: jsonOf(set), isCompressed: true };
    if (!shownKind(set.kind)) continue;
    let page = 0;
    for await (const records of inPages(set.read())) {
      page += 1;
      yield textEntry(pagePath(set, page), renderHtml(pageDocument(facts, set, { page, records })));
    }
  }
  for (const { read } of sets.filter(({ kind }) => kind === 'receipts')) {
    for await (const { id, jws } of read()) yield textEntry(`receipts/${String(id)}.jws`, `${String(jws)}\n`);
  }
  for (const { read } of sets.filter(({ kind }) => kind === 'contact_files')) {
    for await (const { id, mimeType, name } of read()) {
      yield fileEntry(facts, 'contact-files', facts.contactFile(String(id)), [String(id), mimeType, name]);
    }
  }
  for (const { read } of sets.filter(({ kind }) => kind === 'files')) {
    for await (const { id, mimeType, fileName, state } of read()) {
      if (state !== 'READY') continue;
      const content = await facts.media(String(id));
      if (!content) continue;
      yield fileEntry(facts, 'media', content, [String(id), mimeType, fileName]);
    }
  }
}

function fileEntry(
  { language }: ArchiveFacts,
  folder: string,
  content: AsyncIterable<Buffer> | 'UNREADABLE',
  [id, mimeType, fileName]: readonly [id: string, mimeType: unknown, fileName: unknown],
): Entry {
  if (content === 'UNREADABLE') return textEntry(`${folder}/${id}-unreadable.txt`, UNREADABLE[language]);
  return { path: filePath(folder, id, mimeType, fileName), content, isCompressed: false };
}

/** By its id, so that no two are called the same and no name of somebody is a path; with the ending that opens it. */
function filePath(folder: string, id: string, mimeType: unknown, fileName: unknown): string {
  const ofName = typeof fileName === 'string' ? extname(fileName).toLowerCase() : '';
  const ofType = typeof mimeType === 'string' ? `.${mimeType.split(/[;/+]/)[1] ?? ''}` : '';
  const ending = [ofName, ofType].find((each) => /^\.[a-z0-9]{1,8}$/.test(each)) ?? '';
  return `${folder}/${id}${ending}`;
}

function textEntry(path: string, text: string): Entry {
  return { path, content: [Buffer.from(text)], isCompressed: true };
}

async function* jsonOf({ read }: RecordSet): AsyncGenerator<Buffer, void> {
  let before = '[\n';
  for await (const record of read()) {
    yield Buffer.from(before + JSON.stringify(record));
    before = ',\n';
  }
  yield Buffer.from(before === '[\n' ? '[]\n' : '\n]\n');
}

async function* inPages<T>(records: AsyncIterable<T>): AsyncGenerator<T[], void> {
  let page: T[] = [];
  for await (const record of records) {
    page.push(record);
    if (page.length < PAGE_RECORDS) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
