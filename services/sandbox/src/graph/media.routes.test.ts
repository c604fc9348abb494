import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOUR_MS, NUMBER, OTHER_NUMBER, startSandbox, type TestSandbox } from '../testing/start-sandbox.js';

let sandbox: TestSandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.stop());

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');

function upload(
  parts: { bytes?: Buffer; type?: string; declared?: string; product?: string; number?: string; token?: string } = {},
) {
  const { bytes = PNG, type = 'image/png', declared, product = 'whatsapp', number = NUMBER, token } = parts;
  const form = new FormData();
  form.set('messaging_product', product);
  if (declared !== undefined) form.set('type', declared);
  form.set('file', new Blob([new Uint8Array(bytes)], { type }), 'Bild ä.png');
  return sandbox.graph('POST', `${number}/media`, form, token);
}
const download = (url: string, token = 'token-1') => fetch(url, { headers: { authorization: `Bearer ${token}` } });

describe('media of a business', () => {
  it('are uploaded, described, downloaded, sent and deleted', async () => {
    const { status, body } = await upload();
    expect(status).toBe(200);
    const described = await sandbox.graph('GET', `${body.id}?phone_number_id=${NUMBER}`);
    expect(described.body).toEqual({
      messaging_product: 'whatsapp',
      url: expect.stringMatching(`^${sandbox.url}/whatsapp_business/attachments/`),
      mime_type: 'image/png',
      sha256: createHash('sha256').update(PNG).digest('hex'),
      file_size: '8',
      id: body.id,
    });
    const file = await download(described.body['url'] as string);
    expect(Buffer.from(await file.arrayBuffer())).toEqual(PNG);
    expect(file.headers.get('content-type')).toBe('image/png');

    await sandbox.write();
    expect((await sandbox.send({ type: 'image', image: { id: body.id, caption: 'Hier' } })).status).toBe(200);
    expect((await sandbox.graph('DELETE', body.id)).body).toEqual({ success: true });
    expect((await sandbox.graph('GET', body.id)).body.error).toMatchObject({ code: 100, error_subcode: 33 });
    expect((await sandbox.send({ type: 'image', image: { id: body.id } })).body.error.code).toBe(131009);
  });

  it('are downloaded for five minutes, with the token of their number', async () => {
    const { body } = await upload();
    const link = async () => (await sandbox.graph('GET', body.id)).body['url'] as string;
    const url = await link();
    expect((await download(url, 'token-2')).status).toBe(404);
    expect((await fetch(url)).status).toBe(401);
    sandbox.time.advance(5 * 60_000);
    expect((await download(url)).status).toBe(404);
    expect((await download(await link())).status).toBe(200);
  });

  it('are gone after 30 days', async () => {
    const { body } = await upload();
    sandbox.time.advance(30 * 24 * HOUR_MS);
    expect((await sandbox.graph('GET', body.id)).status).toBe(400);
  });

  it('belong to their number', async () => {
    const { body } = await upload();
    expect((await sandbox.graph('GET', body.id, undefined, 'token-2')).status).toBe(400);
    expect((await sandbox.graph('GET', `${body.id}?phone_number_id=${OTHER_NUMBER}`)).status).toBe(400);
    expect((await sandbox.graph('DELETE', body.id, undefined, 'token-2')).status).toBe(400);
    await sandbox.write({ phoneNumberId: OTHER_NUMBER });
    const answer = await sandbox.send(
      { type: 'image', image: { id: body.id } },
      { number: OTHER_NUMBER, token: 'token-2' },
    );
    expect(answer.body.error.code).toBe(131009);
  });

  it('are sent as what they are', async () => {
    const { body } = await upload();
    await sandbox.write();
    expect((await sandbox.send({ type: 'video', video: { id: body.id } })).body.error.code).toBe(131009);
    const header = { type: 'document', document: { id: body.id } };
    const action = { buttons: [{ type: 'reply', reply: { id: '1', title: 'Ja' } }] };
    const interactive = { type: 'button', header, body: { text: 'Passt das?' }, action };
    expect((await sandbox.send({ type: 'interactive', interactive })).body.error.code).toBe(131009);
  });

  it('may have their type declared beside the file', async () => {
    const { body } = await upload({ type: 'application/octet-stream', declared: 'audio/ogg; codecs=opus' });
    expect((await sandbox.graph('GET', body.id)).body['mime_type']).toBe('audio/ogg; codecs=opus');
  });

  it.each<[string, Parameters<typeof upload>[0], number]>([
    ['a type that WhatsApp does not take', { type: 'application/zip' }, 100],
    ['an empty file', { bytes: Buffer.alloc(0) }, 131053],
    ['an image of more than 5 MB', { bytes: Buffer.alloc(5 * 1_048_576 + 1) }, 131053],
    ['a sticker of more than 100 KB', { bytes: Buffer.alloc(102_401), type: 'image/webp' }, 131053],
    ['another product', { product: 'instagram' }, 100],
    ['another number', { number: OTHER_NUMBER }, 100],
    ['a wrong token', { token: 'x' }, 190],
  ])('are refused: %s', async (_name, parts, code) => {
    expect((await upload(parts)).body.error.code).toBe(code);
  });

  it('are refused without a form or a file', async () => {
    expect((await sandbox.graph('POST', `${NUMBER}/media`, { messaging_product: 'whatsapp' })).body.error.code).toBe(
      100,
    );
    const form = new FormData();
    form.set('messaging_product', 'whatsapp');
    expect((await sandbox.graph('POST', `${NUMBER}/media`, form)).body.error.code).toBe(100);
  });
});

describe('media of a customer', () => {
  it('arrive by webhook with hash and link, and live seven days', async () => {
    const taken = await sandbox.post(`/sandbox/media?phoneNumberId=${NUMBER}&fileName=foto.png`, PNG, {
      'content-type': 'image/png',
    });
    expect(taken.status).toBe(200);
    await sandbox.write({ text: undefined, media: { id: taken.body.id, caption: 'Mein Rad' } });
    const [message] = sandbox.inbound();
    expect(message).toMatchObject({
      type: 'image',
      image: {
        id: taken.body.id,
        mime_type: 'image/png',
        caption: 'Mein Rad',
        sha256: createHash('sha256').update(PNG).digest('base64'),
      },
    });
    const file = await download((message!['image'] as { url: string }).url);
    expect(Buffer.from(await file.arrayBuffer())).toEqual(PNG);
    sandbox.time.advance(7 * 24 * HOUR_MS);
    expect((await sandbox.graph('GET', taken.body.id)).status).toBe(400);
  });

  it('may be a voice note, or a document of any type with its name', async () => {
    const add = async (type: string, fileName: string) => {
      const query = new URLSearchParams({ phoneNumberId: NUMBER, fileName });
      return (await sandbox.post(`/sandbox/media?${query.toString()}`, PNG, { 'content-type': type })).body.id;
    };
    const voice = { id: await add('audio/ogg; codecs=opus', 'note.ogg'), voice: true };
    await sandbox.write({ text: undefined, media: voice });
    await sandbox.write({ text: undefined, media: { id: await add('application/zip', 'Anhang.zip') } });
    expect(sandbox.inbound()[0]).toMatchObject({ type: 'audio', audio: { voice: true } });
    expect(sandbox.inbound()[1]).toMatchObject({ type: 'document', document: { filename: 'Anhang.zip' } });
  });

  it('are refused when they do not exist, or come from a foreign page', async () => {
    expect((await sandbox.write({ text: undefined, media: { id: '1' } })).status).toBe(404);
    const path = `/sandbox/media?phoneNumberId=${NUMBER}`;
    expect((await sandbox.post(path, 'x', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await sandbox.post('/sandbox/media', PNG, { 'content-type': 'image/png' })).status).toBe(404);
  });
});

describe('resumable uploads', () => {
  it('give a handle once all is there', async () => {
    const start = await sandbox.graph(
      'POST',
      '670843887433847/uploads?file_length=8&file_type=image/png&file_name=logo.png',
    );
    expect(start.body.id).toMatch(/^upload:/);
    const more = (offset: number, bytes: Buffer) =>
      sandbox.call('POST', `/v26.0/${start.body.id}`, bytes, {
        authorization: 'OAuth token-1',
        'content-type': 'application/octet-stream',
        file_offset: String(offset),
      });
    expect((await more(0, PNG.subarray(0, 3))).body).toEqual({ id: start.body.id, file_offset: 3 });
    expect((await sandbox.graph('GET', start.body.id)).body).toMatchObject({ file_offset: 3 });
    expect((await more(0, PNG)).body.error.code).toBe(100);
    const { body } = await more(3, PNG.subarray(3));
    expect(body['h']).toMatch(/^4:/);

    const profile = { messaging_product: 'whatsapp', profile_picture_handle: body['h'] };
    expect((await sandbox.graph('POST', `${NUMBER}/whatsapp_business_profile`, profile)).body).toEqual({
      success: true,
    });
    const described = await sandbox.graph('GET', `${NUMBER}/whatsapp_business_profile?fields=profile_picture_url`);
    const picture = await fetch(described.body.data[0]!['profile_picture_url'] as string);
    expect(Buffer.from(await picture.arrayBuffer())).toEqual(PNG);
  });

  it('refuse what nobody could show', async () => {
    const start = (query: string) => sandbox.graph('POST', `670843887433847/uploads?${query}`);
    expect((await start('file_length=8&file_type=text/html')).body.error.code).toBe(100);
    expect((await start('file_length=0&file_type=image/png')).body.error.code).toBe(100);
    expect((await sandbox.graph('GET', 'upload:unknown')).body.error.code).toBe(100);
  });
});
