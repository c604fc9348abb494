import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOUR_MS, startSandbox, WABA, type TestSandbox } from '../testing/start-sandbox.js';

let sandbox: TestSandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.stop());

const definition = (parts: object = {}) => ({
  name: 'abholbereit',
  language: 'de',
  category: 'UTILITY',
  components: [
    { type: 'BODY', text: 'Hallo {{1}}, Ihr Fahrrad ist fertig.', example: { body_text: [['Anna']] } },
    { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'Danke' }] },
  ],
  ...parts,
});
const create = (parts: object = {}) => sandbox.graph('POST', `${WABA}/message_templates`, definition(parts));
const list = async (query = '') =>
  (await sandbox.graph('GET', `${WABA}/message_templates?limit=100&${query}`)).body.data;
const statusUpdates = () => sandbox.of('message_template_status_update');
const decide = (id: string, change: object) => sandbox.post(`/sandbox/templates/${id}`, change);
const sendIt = (name = 'abholbereit', parameters: unknown[] = [{ type: 'text', text: 'Anna' }]) =>
  sandbox.send({
    type: 'template',
    template: { name, language: { code: 'de' }, components: [{ type: 'body', parameters }] },
  });

describe('a template', () => {
  it('waits for its review, is approved by webhook, and then may be sent', async () => {
    const { body } = await create();
    expect(body).toEqual({ id: expect.stringMatching(/^\d+$/), status: 'PENDING', category: 'UTILITY' });
    expect((await sendIt()).body.error.code).toBe(132001);
    sandbox.time.advance(5_000);
    await expect.poll(statusUpdates).toEqual([
      {
        event: 'APPROVED',
        message_template_id: Number(body.id),
        message_template_name: 'abholbereit',
        message_template_language: 'de',
        message_template_category: 'UTILITY',
        reason: null,
      },
    ]);
    const entry = sandbox.receiver.received.at(-1)?.body.entry[0];
    expect(entry).toMatchObject({ id: WABA, time: 1_795_255_205 });
    expect((await sandbox.graph('GET', body.id)).body).toMatchObject({ name: 'abholbereit', status: 'APPROVED' });
    expect((await sendIt()).status).toBe(200);
  });

  it('is listed with what is asked for, and by page', async () => {
    await create();
    await create({ name: 'zweite', language: 'en-US' });
    expect((await list()).map((each) => each['name'])).toEqual([
      'hello_world',
      'termin',
      'angebot',
      'abholbereit',
      'zweite',
    ]);
    expect(await list('name=zweite&fields=name,language')).toEqual([
      { id: expect.any(String), name: 'zweite', language: 'en_US' },
    ]);
    expect((await list('status=PENDING')).map((each) => each['name'])).toEqual(['abholbereit', 'zweite']);
    expect((await list('category=MARKETING')).map((each) => each['name'])).toEqual(['angebot']);
    const names: unknown[] = [];
    let next: string | undefined = `${sandbox.url}/v26.0/${WABA}/message_templates?limit=2`;
    while (next !== undefined) {
      const response: Response = await fetch(next, { headers: { authorization: 'Bearer token-1' } });
      const page = (await response.json()) as { data: { name: string }[]; paging: { next?: string } };
      expect(page.data.length).toBeLessThanOrEqual(2);
      names.push(...page.data.map((each) => each.name));
      next = page.paging.next;
    }
    expect(names).toHaveLength(5);
  });

  it('is there once per name and language', async () => {
    await create();
    expect((await create()).body.error).toMatchObject({ code: 100, error_subcode: 2_388_024 });
    expect((await create({ language: 'en' })).status).toBe(200);
  });

  it('is rejected with a reason, edited, and reviewed again', async () => {
    const { id } = (await create()).body;
    await decide(id, { event: 'REJECTED', reason: 'INVALID_FORMAT' });
    await expect
      .poll(statusUpdates)
      .toMatchObject([{ event: 'REJECTED', reason: 'INVALID_FORMAT', rejection_info: { reason: expect.any(String) } }]);
    expect((await list('name=abholbereit&fields=status,rejected_reason'))[0]).toMatchObject({
      status: 'REJECTED',
      rejected_reason: 'INVALID_FORMAT',
    });
    const components = [{ type: 'BODY', text: 'Ihr Fahrrad ist fertig.' }];
    expect((await sandbox.graph('POST', id, { components })).body).toMatchObject({ success: true });
    sandbox.time.advance(5_000);
    await expect.poll(() => statusUpdates().length).toBe(2);
    expect((await sandbox.graph('GET', id)).body).toMatchObject({ status: 'APPROVED', components });
  });

  it('may be edited once a day and ten times in 30 days while it is approved', async () => {
    const [{ id }] = (await list('name=termin')) as [{ id: string }];
    const edit = (text: string) => sandbox.graph('POST', id, { components: [{ type: 'BODY', text }] });
    for (let day = 1; day <= 10; day++) {
      expect((await edit(`Fassung ${day}.`)).status).toBe(200);
      sandbox.time.advance(5_000);
      expect((await edit('Noch eine.')).body.error.error_subcode).toBe(2_388_186);
      sandbox.time.advance(24 * HOUR_MS);
    }
    expect((await edit('Die elfte.')).body.error.error_subcode).toBe(2_388_186);
    sandbox.time.advance(20 * 24 * HOUR_MS);
    expect((await edit('Die elfte.')).status).toBe(200);
  });

  it('cannot be edited while it waits, nor change its category once approved', async () => {
    const { id } = (await create()).body;
    expect((await sandbox.graph('POST', id, { category: 'MARKETING' })).body.error.code).toBe(100);
    sandbox.time.advance(5_000);
    expect((await sandbox.graph('POST', id, { category: 'MARKETING' })).body.error.error_subcode).toBe(2_388_187);
  });

  it('is deleted in one language, or in all', async () => {
    const { id } = (await create()).body;
    await create({ language: 'en' });
    await create({ language: 'fr' });
    const remove = (query: string) => sandbox.graph('DELETE', `${WABA}/message_templates?${query}`);
    expect((await remove(`name=abholbereit&hsm_id=${id}`)).body).toEqual({ success: true });
    expect((await list('name=abholbereit')).map((each) => each['language'])).toEqual(['en', 'fr']);
    expect((await remove('name=abholbereit')).body).toEqual({ success: true });
    expect(await list('name=abholbereit')).toEqual([]);
    expect((await remove('name=abholbereit')).body.error.code).toBe(100);
    expect((await remove('')).body.error.code).toBe(100);
    await expect.poll(() => statusUpdates().map((each) => each['event'])).toEqual(['DELETED', 'DELETED', 'DELETED']);
    // A review that was on its way ends with it.
    expect(sandbox.time.waiting()).toEqual([]);
  });

  it('is seen by its own account only', async () => {
    const [{ id }] = (await list('name=termin')) as [{ id: string }];
    const stranger = await startSandbox();
    expect((await stranger.graph('GET', id)).body.error).toMatchObject({ code: 100, error_subcode: 33 });
    await stranger.stop();
    expect((await sandbox.graph('GET', '999/message_templates')).body.error).toMatchObject({ error_subcode: 33 });
  });

  it('is paused for three hours, for six, and then disabled', async () => {
    const { id } = (await create()).body;
    sandbox.time.advance(5_000);
    await decide(id, { pause: true });
    expect((await sendIt()).body.error.code).toBe(132015);
    sandbox.time.advance(3 * HOUR_MS);
    expect((await sendIt()).status).toBe(200);
    await decide(id, { pause: true });
    sandbox.time.advance(6 * HOUR_MS - 1);
    expect((await sendIt()).body.error.code).toBe(132015);
    sandbox.time.advance(1);
    expect((await sendIt()).status).toBe(200);
    await decide(id, { pause: true });
    expect((await sendIt()).body.error.code).toBe(132016);
    const events = () => statusUpdates().map((each) => String(each['event']));
    await expect
      .poll(() => events().toSorted())
      .toEqual(['APPROVED', 'APPROVED', 'APPROVED', 'DISABLED', 'PAUSED', 'PAUSED']);
  });

  it('changes its category with notice, and its price with it', async () => {
    const { id } = (await create()).body;
    sandbox.time.advance(5_000);
    await decide(id, { category: 'MARKETING' });
    await expect
      .poll(() => sandbox.of('template_category_update'))
      .toMatchObject([
        { new_category: 'UTILITY', correct_category: 'MARKETING', category_update_timestamp: 1_795_255_205 + 86_400 },
      ]);
    await sendIt();
    sandbox.time.advance(24 * HOUR_MS);
    await expect
      .poll(() => sandbox.of('template_category_update'))
      .toMatchObject([{}, { previous_category: 'UTILITY', new_category: 'MARKETING' }]);
    await sendIt();
    sandbox.time.advance(HOUR_MS);
    const categories = () =>
      sandbox.statuses().flatMap(({ status, pricing }) => (status === 'delivered' ? [pricing?.category] : []));
    await expect.poll(() => categories().toSorted()).toEqual(['marketing', 'utility']);
    expect((await sandbox.graph('GET', id)).body).toMatchObject({
      category: 'MARKETING',
      previous_category: 'UTILITY',
    });
  });

  it('changes its category at once for accounts that were warned', async () => {
    const { id } = (await create()).body;
    await decide(id, { category: 'MARKETING', noticeMs: 0 });
    await expect.poll(() => sandbox.of('template_category_update')).toMatchObject([{ new_category: 'MARKETING' }]);
  });

  it('gets a quality', async () => {
    const { id } = (await create()).body;
    await decide(id, { quality: 'RED' });
    await expect
      .poll(() => sandbox.of('message_template_quality_update'))
      .toMatchObject([
        { previous_quality_score: 'UNKNOWN', new_quality_score: 'RED', message_template_name: 'abholbereit' },
      ]);
    expect((await list('name=abholbereit&fields=quality_score'))[0]).toMatchObject({ quality_score: { score: 'RED' } });
  });
});

describe('sending a template', () => {
  it('checks its parameters', async () => {
    await create();
    sandbox.time.advance(5_000);
    expect((await sendIt('unbekannt')).body.error.code).toBe(132001);
    expect((await sendIt('abholbereit', [])).body.error.code).toBe(132000);
    expect(
      (
        await sendIt('abholbereit', [
          { type: 'text', text: 'A' },
          { type: 'text', text: 'B' },
        ])
      ).body.error.code,
    ).toBe(132000);
    expect((await sendIt('abholbereit', [{ type: 'text' }])).body.error.code).toBe(132012);
    expect((await sendIt('abholbereit', [{ type: 'text', text: 'A\nB' }])).body.error.code).toBe(132007);
    expect((await sendIt('abholbereit', [{ type: 'text', text: 'x'.repeat(1_024) }])).body.error.code).toBe(132005);
  });

  it('takes named parameters in any order', async () => {
    const components = (names: string[]) => [
      { type: 'body', parameters: names.map((name) => ({ type: 'text', parameter_name: name, text: name })) },
      { type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: 'rad' }] },
    ];
    const send = (names: string[]) =>
      sandbox.send({
        type: 'template',
        template: { name: 'angebot', language: { code: 'de' }, components: components(names) },
      });
    expect((await send(['rabatt', 'name'])).status).toBe(200);
    expect((await send(['rabatt', 'preis'])).body.error.code).toBe(100);
    expect((await send(['rabatt'])).body.error.code).toBe(132000);
  });
});

describe('what only some people may be sent', () => {
  const marketing = {
    type: 'template',
    template: {
      name: 'angebot',
      language: { code: 'de' },
      components: [
        {
          type: 'body',
          parameters: ['name', 'rabatt'].map((name) => ({ type: 'text', parameter_name: name, text: name })),
        },
        { type: 'button', sub_type: 'url', index: 0, parameters: [{ type: 'text', text: 'rad' }] },
      ],
    },
  };
  const code = {
    type: 'template',
    template: {
      name: 'code',
      language: { code: 'de' },
      components: [
        { type: 'body', parameters: [{ type: 'text', text: '123456' }] },
        { type: 'button', sub_type: 'url', index: 0, parameters: [{ type: 'text', text: '123456' }] },
      ],
    },
  };

  it('is a code to a phone, not to a user id, and for ten minutes', async () => {
    const components = [{ type: 'BODY' }, { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE' }] }];
    await create({ name: 'code', category: 'AUTHENTICATION', components });
    sandbox.time.advance(5_000);
    await sandbox.write();
    const { from_user_id: bsuid } = sandbox.inbound()[0]!;
    expect((await sandbox.send({ ...code, to: undefined, recipient: bsuid })).body.error.code).toBe(131062);
    await sandbox.call('PATCH', `/sandbox/phones/${bsuid}`, { isOnline: false });
    expect((await sandbox.send(code)).status).toBe(200);
    sandbox.time.advance(10 * 60_000 + 1);
    await sandbox.call('PATCH', `/sandbox/phones/${bsuid}`, { isOnline: true });
    expect(sandbox.time.waiting()).toEqual([]);
  });

  it('is marketing, but not in the United States', async () => {
    expect((await sandbox.send({ ...marketing, to: '+12125550123' })).status).toBe(200);
    await sandbox.deliverStatuses(1);
    expect(sandbox.statuses()[0]).toMatchObject({ status: 'failed', errors: [{ code: 131049 }] });
    await sandbox.send(marketing);
    await sandbox.deliverStatuses(4);
  });

  it('is nothing to oneself', async () => {
    await sandbox.write({ from: { phone: '+4930901820' } });
    expect((await sandbox.send({ to: '+4930901820' })).body.error.code).toBe(131021);
  });
});
