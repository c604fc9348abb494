import { channelChanged, type ChannelChanged } from '@fenster/contracts';
import { newId } from '@fenster/runtime';
import { objectToken } from '@fenster/object-store';
import { extractText, getDocumentProxy } from 'unpdf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../../test/support/eventually.js';
import { ContactsUnderTest } from '../testing/contacts-under-test.js';

const contacts = new ContactsUnderTest();
const ours = newId();
let officer: string;
beforeAll(async () => {
  await contacts.start();
  officer = contacts.token(ours, 'contact:read', 'contact:manage', 'consent:manage', 'retention:manage');
});
afterAll(() => contacts.stop());

async function ask<T>(query: string, token = officer): Promise<T> {
  const { data, errors } = await contacts.query(query, token);
  return ((errors?.[0]?.extensions as T | undefined) ?? Object.values(data!)[0]) as T;
}
const urlOf = (args = '', token = officer) => ask<string>(`{ processingRecordUrl${args} }`, token);
const read = async (args = '', token = officer) => (await fetch(await urlOf(args, token))).text();

describe('the record of processing activities', () => {
  it('is made of what the workspace has configured, as a page and as a PDF', async () => {
    await ask(`mutation { setDataController(input: { name: "Muster GmbH", address: "Ring 1, Berlin",
      email: "datenschutz@muster.example", jurisdiction: "DE" }) { __typename } }`);
    await ask(`mutation { setRetentionRule(input: { dataClass: MESSAGES, months: 18 }) { __typename } }`);
    await ask(`mutation { createContactAttribute(input: { key: "size", name: "Schuhgröße", type: NUMBER,
      purpose: "Beratung", retentionClass: PREFERENCE }) { __typename } }`);
    const data: ChannelChanged = {
      channelId: newId(),
      name: 'WhatsApp Mitte',
      state: 'ACTIVE',
      processors: [{ name: 'Meta', country: 'US' }],
      storageRegion: 'DE',
    };
    const opened = contacts.event('opened', {
      workspaceId: ours,
      contactId: newId(),
      channelId: newId(),
      identity: {},
    });
    const { name, version, dataClass } = channelChanged;
    await contacts.publish({ ...opened, name, version, dataClass, data: data as never });
    await eventually(async () => {
      const html = await read();
      for (const word of ['Muster GmbH', '18 Monate', 'Schuhgröße', 'WhatsApp Mitte', 'Meta', 'Deutschland']) {
        expect(html).toContain(word);
      }
    });
    const pdf = await fetch(await urlOf('(language: EN, format: PDF)'));
    expect(pdf.headers.get('content-type')).toBe('application/pdf');
    const { text } = await extractText(await getDocumentProxy(new Uint8Array(await pdf.arrayBuffer())), {
      mergePages: true,
    });
    expect(text).toContain('Record of processing activities');
  });

  it('is that of the own workspace, and for those who answer for its data', async () => {
    const other = contacts.token(newId(), 'retention:manage');
    expect(await read('', other)).not.toContain('Muster GmbH');
    const agent = contacts.token(ours, 'contact:read', 'contact:manage');
    expect(await urlOf('', agent)).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('is shown for a while, and to nobody who made the address up', async () => {
    const url = new URL(await urlOf());
    const secretKey = Buffer.alloc(32, 7);
    const forged = (purpose: string, expiresAt: Date) => {
      url.searchParams.set('token', objectToken(secretKey, { purpose, workspaceId: ours, id: ours, expiresAt }));
      return fetch(url);
    };
    const [later, before] = [new Date(Date.now() + 60_000), new Date(Date.now() - 1_000)];
    expect((await forged('processing record', later)).status).toBe(200);
    expect((await forged('processing record', before)).status).toBe(404);
    expect((await forged('file download', later)).status).toBe(404);
    url.searchParams.delete('token');
    expect((await fetch(url)).status).toBe(404);
  });
});
