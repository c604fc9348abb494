import { createHash, generateKeyPairSync } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { newId } from '@fenster/runtime';
import { describe, expect, it } from 'vitest';
import { readZip } from '../../../../test/support/read-zip.js';
import type { ArchiveFacts, RecordSet } from './archive.js';
import { writeArchive, type ArchiveManifest } from './write-archive.js';

const setOf = (service: RecordSet['service'], kind: string, records: Record<string, unknown>[]): RecordSet => ({
  service,
  kind,
  count: records.length,
  async *read() {
    yield* records;
  },
});

const PICTURE = Buffer.alloc(3_000_000, 7);
const CONTRACT = Buffer.from('%PDF-1.7 Vertrag');
const [pictureId, goneId, contractId] = [newId(), newId(), newId()];
const messages = Array.from({ length: 1_201 }, (_, index) => ({
  id: newId(),
  sentAt: '2026-11-22T12:00:00.000+00:00',
  by: index % 2 === 0 ? 'you' : 'colleague',
  text: `Nachricht ${index} <script>`,
}));

const facts = (overrides: Partial<ArchiveFacts> = {}): ArchiveFacts => ({
  requestId: newId(),
  reference: 'K7QX-2MNP',
  language: 'de',
  receivedAt: new Date('2026-11-20T09:00:00Z'),
  issuedAt: new Date('2026-11-22T13:00:00Z'),
  controller: null,
  jwksUrl: 'https://contacts.example/documents/keys.json',
  signingKey: {
    id: newId(),
    sign: () => ({ keyId: '', signature: Buffer.alloc(0) }),
    signJws: (value) => `signed.${createHash('sha256').update(JSON.stringify(value)).digest('hex')}`,
  },
  sets: [
    setOf('conversation', 'messages', messages),
    setOf('contacts', 'receipts', [{ id: pictureId, jws: 'a.b.c' }]),
    setOf('contacts', 'contact_files', [
      {
        id: contractId,
        name: '../Vertrag.pdf',
        mimeType: 'application/pdf',
        purpose: 'Vertrag',
        addedAt: '2026-11-22T12:00:00Z',
      },
    ]),
    setOf('channels', 'files', [
      { id: pictureId, mimeType: 'image/png', fileName: '../../etc/passwd', state: 'READY' },
      { id: goneId, mimeType: 'image/png', state: 'READY' },
      { id: newId(), mimeType: 'image/png', state: 'FAILED' },
    ]),
  ],
  contactFile: () => Readable.from([CONTRACT]),
  media: async (id) => (id === pictureId ? Readable.from([PICTURE]) : undefined),
  ...overrides,
});

describe('an archive', () => {
  it('has everything once, for people and for programs, and a manifest that says so', async () => {
    const files = await readZip(await buffer(writeArchive(facts())));
    expect([...files.keys()]).toEqual([
      'index.html',
      'data/conversation/messages.json',
      'pages/conversation-messages-1.html',
      'pages/conversation-messages-2.html',
      'pages/conversation-messages-3.html',
      'data/contacts/receipts.json',
      'data/contacts/contact_files.json',
      'pages/contacts-contact_files-1.html',
      'data/channels/files.json',
      'pages/channels-files-1.html',
      `receipts/${pictureId}.jws`,
      `contact-files/${contractId}.pdf`,
      `media/${pictureId}.png`,
      'manifest.json',
      'manifest.jws',
    ]);
    expect(JSON.parse(files.get('data/conversation/messages.json')!.toString())).toEqual(messages);
    const pages = [...files]
      .filter(([path]) => path.startsWith('pages/conversation'))
      .map(([, page]) => page.toString());
    expect(pages.join('').match(/Nachricht \d+ &lt;script&gt;/g)).toHaveLength(messages.length);
    expect(files.get(`media/${pictureId}.png`)!.equals(PICTURE)).toBe(true);
    expect(files.get(`contact-files/${contractId}.pdf`)!.equals(CONTRACT)).toBe(true);
    const manifest = JSON.parse(files.get('manifest.json')!.toString()) as ArchiveManifest;
    expect(manifest.files).toEqual(
      [...files].slice(0, -2).map(([path, content]) => ({
        path,
        bytes: content.length,
        sha256: createHash('sha256').update(content).digest('hex'),
      })),
    );
    expect(files.get('manifest.jws')!.toString()).toContain('signed.');
  });

  it('names a file that is there and cannot be read', async () => {
    const files = await readZip(await buffer(writeArchive(facts({ media: async () => 'UNREADABLE' }))));
    expect(files.get(`media/${pictureId}-unreadable.txt`)!.toString()).toContain('lässt sich aber nicht lesen');
    expect([...files.keys()]).not.toContain(`media/${pictureId}.png`);
  });

  it('given nothing at all, says that there is nothing', async () => {
    const files = await readZip(await buffer(writeArchive(facts({ sets: [setOf('billing', 'costs', [])] }))));
    expect(files.get('data/billing/costs.json')!.toString()).toBe('[]\n');
    expect([...files.keys()]).toContain('index.html');
  });

  it('ends with the error of what cannot be read, and is no archive then', async () => {
    const broken = facts({
      media: () =>
        Promise.resolve(
          (async function* () {
            yield PICTURE;
            throw new Error('nobody answers');
          })(),
        ),
    });
    await expect(buffer(writeArchive(broken))).rejects.toThrow('nobody answers');
  });

  it('stops when nobody reads on', async () => {
    let read = 0;
    const endless: RecordSet = {
      service: 'conversation',
      kind: 'messages',
      count: 1,
      async *read() {
        for (;;) {
          read += 1;
          yield { text: generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' }) };
        }
      },
    };
    for await (const _ of writeArchive(facts({ sets: [endless] }))) if (read > 100) break;
    const before = read;
    await new Promise((resolve) => setImmediate(resolve));
    expect(read).toBe(before);
  });
});
