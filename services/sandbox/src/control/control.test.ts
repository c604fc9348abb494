import { get } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bsuidOf, parentBsuidOf } from '../webhook-body.js';
import { HOUR_MS, NUMBER, PHONE, startSandbox, type TestSandbox } from '../testing/start-sandbox.js';
import { SAMPLES } from './samples.js';

let sandbox: TestSandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.stop());

const BSUID = bsuidOf(PHONE);
const change = (parts: object) => sandbox.call('PATCH', `/sandbox/phones/${BSUID}`, parts);
const told = () => sandbox.statuses().map(({ status }) => status);
const clock = (parts: object) => sandbox.post('/sandbox/clock', parts);

describe('the clock', () => {
  it('is moved and frozen, and all that falls due happens', async () => {
    await sandbox.write();
    await sandbox.send();
    expect((await clock({ advanceMs: 1_200 })).body).toEqual({ now: '2026-11-21T10:00:01.200Z', isFrozen: true });
    await expect.poll(() => told().toSorted()).toEqual(['delivered', 'read', 'sent']);
    await clock({ to: '2026-11-22T09:59:59.999Z' });
    expect((await sandbox.send()).status).toBe(200);
    await clock({ advanceMs: 1 });
    expect((await sandbox.send()).body.error.code).toBe(131047);
    expect((await clock({ isFrozen: false })).body['isFrozen']).toBe(false);
  });

  it.each([{}, { to: 'yesterday' }, { advanceMs: 'x' }, { speed: 2 }])('refuses %j', async (parts) => {
    expect((await clock(parts)).status).toBe(400);
  });
});

describe('prices at a date', () => {
  const priceOn = async (date: string, parts: object = {}) => {
    const old = await startSandbox({ FREE_SERVICE_MESSAGES: '0' }, { startAt: new Date(date) });
    await old.write(parts);
    await old.send();
    await old.deliverStatuses(3);
    const status = old.statuses().find((each) => each.status === 'sent')!;
    await old.stop();
    return status;
  };

  it.each<[string, object, boolean]>([
    ['2022-06-01T12:00:00Z', { billable: false, pricing_model: 'CBP', category: 'user_initiated' }, true],
    ['2024-06-01T12:00:00Z', { billable: false, pricing_model: 'CBP', category: 'service' }, true],
    [
      '2025-08-01T12:00:00Z',
      { billable: false, pricing_model: 'PMP', type: 'free_customer_service', category: 'service' },
      true,
    ],
    [
      '2026-09-30T12:00:00Z',
      { billable: false, pricing_model: 'PMP', type: 'free_customer_service', category: 'service' },
      false,
    ],
  ])('%s: a reply is told as %j', async (date, pricing, hasConversation) => {
    const status = await priceOn(date);
    expect(status.pricing).toEqual(pricing);
    expect('conversation' in status).toBe(hasConversation);
  });

  it('are nothing after an ad, until the free entry point ends, and its end is told with sent', async () => {
    await sandbox.write({ ad: true });
    expect(sandbox.inbound()[0]).toMatchObject({ referral: { source_type: 'ad', ctwa_clid: expect.any(String) } });
    await sandbox.send();
    await sandbox.deliverStatuses(3);
    const [sent, delivered] = ['sent', 'delivered'].map((name) =>
      sandbox.statuses().find((each) => each.status === name)!,
    );
    expect(sent?.pricing).toEqual({
      billable: false,
      pricing_model: 'PMP',
      type: 'free_entry_point',
      category: 'referral_conversion',
    });
    expect(sent?.conversation).toMatchObject({
      expiration_timestamp: '1795860000',
      origin: { type: 'referral_conversion' },
    });
    expect(delivered?.conversation).toEqual({ id: sent?.conversation?.id, origin: { type: 'referral_conversion' } });
    const { body } = await sandbox.call('GET', `/sandbox/phones/${BSUID}`);
    expect(body['chats']).toMatchObject([{ entryPointEndsAt: '2026-11-28T10:00:00.000Z' }]);
  });

  it('are as ever after an ad on a computer', async () => {
    await sandbox.write({ ad: { device: 'computer' } });
    await sandbox.send();
    await sandbox.deliverStatuses(3);
    expect(sandbox.statuses()[0]?.pricing?.type).toBe('free_customer_service');
  });
});

describe('a phone', () => {
  beforeEach(async () => {
    await sandbox.write();
  });

  it('that is off gets nothing until it is on', async () => {
    await change({ isOnline: false });
    await sandbox.send();
    sandbox.time.advance(12 * HOUR_MS);
    await expect.poll(told).toEqual(['sent']);
    await change({ isOnline: true });
    sandbox.time.advance(1_200);
    await expect.poll(() => told().toSorted()).toEqual(['delivered', 'read', 'sent']);
  });

  it('that is off for longer than a message lives never gets it', async () => {
    await change({ isOnline: false });
    await sandbox.send();
    sandbox.time.advance(31 * 24 * HOUR_MS);
    await change({ isOnline: true });
    sandbox.time.advance(HOUR_MS);
    expect(sandbox.time.waiting()).toEqual([]);
    expect(told()).toEqual(['sent']);
  });

  it('does not tell that it reads', async () => {
    await change({ hidesReading: true });
    await sandbox.send();
    await sandbox.deliverStatuses(2);
    await sandbox.call('POST', `/sandbox/phones/${BSUID}`, { phoneNumberId: NUMBER });
    await sandbox.write();
    expect(sandbox.time.waiting()).toEqual([]);
    expect(told().toSorted()).toEqual(['delivered', 'sent']);
  });

  it('reads when its owner opens the chat, or answers', async () => {
    await change({ readsAtOnce: false });
    await sandbox.send();
    await sandbox.deliverStatuses(2);
    await sandbox.call('POST', `/sandbox/phones/${BSUID}`, { phoneNumberId: NUMBER });
    await sandbox.deliverStatuses(3);
    await sandbox.send();
    await sandbox.deliverStatuses(5);
    await sandbox.write();
    await sandbox.deliverStatuses(6);
    expect(told().filter((status) => status === 'read')).toHaveLength(2);
  });

  it('gets a new number, and every business is told, with the old user id and no contacts', async () => {
    await change({ phone: '+436601234567' });
    await expect.poll(() => sandbox.inbound().length).toBe(2);
    expect(sandbox.inbound()[1]).toMatchObject({
      from: PHONE,
      from_user_id: BSUID,
      type: 'system',
      system: {
        type: 'user_changed_number',
        wa_id: '436601234567',
        user_id: bsuidOf('436601234567'),
        previous_user_id: BSUID,
      },
    });
    expect(sandbox.values()[1]).not.toHaveProperty('contacts');
    expect((await sandbox.send({ to: '+436601234567' })).status).toBe(200);
    expect((await sandbox.send()).body.error.code).toBe(131047);
  });

  it('tells the parent id of linked portfolios with messages and statuses, and both with a new number', async () => {
    await change({ parentBsuid: 'DE.ENT.1' });
    await sandbox.write();
    expect(sandbox.inbound()[1]).toMatchObject({ from_user_id: BSUID, from_parent_user_id: 'DE.ENT.1' });
    expect(sandbox.values()[1]?.contacts).toMatchObject([{ user_id: BSUID, parent_user_id: 'DE.ENT.1' }]);
    await change({ phone: '+436601234567' });
    await expect.poll(() => sandbox.inbound().length).toBe(3);
    expect(sandbox.inbound()[2]).toMatchObject({
      from_parent_user_id: 'DE.ENT.1',
      system: { previous_parent_user_id: 'DE.ENT.1', parent_user_id: parentBsuidOf('436601234567') },
    });
  });

  it('whose owner has a username shows only the user id', async () => {
    await change({ hidesPhone: true, username: 'anna' });
    await sandbox.write();
    expect(sandbox.inbound()[1]).not.toHaveProperty('from');
    await sandbox.send({ to: undefined, recipient: BSUID });
    await sandbox.deliverStatuses(3);
    for (const status of sandbox.statuses()) expect(status).not.toHaveProperty('recipient_id');
    await change({ phone: '+436601234567' });
    await expect.poll(() => sandbox.inbound().length).toBe(3);
    expect(sandbox.inbound()[2]).toMatchObject({ system: { type: 'user_changed_user_id' } });
    expect(sandbox.inbound()[2]).not.toHaveProperty('from');
  });

  it('stops marketing, which the business is told and finds out', async () => {
    await change({ stoppedMarketing: true });
    await expect
      .poll(() => sandbox.of('user_preferences'))
      .toMatchObject([
        {
          user_preferences: [{ wa_id: PHONE, category: 'marketing_messages', value: 'stop', timestamp: 1_795_255_200 }],
        },
      ]);
    const parameters = ['name', 'rabatt'].map((name) => ({ type: 'text', parameter_name: name, text: name }));
    const components = [
      { type: 'body', parameters },
      { type: 'button', sub_type: 'url', index: 0, parameters: [{ type: 'text', text: 'x' }] },
    ];
    await sandbox.send({ type: 'template', template: { name: 'angebot', language: { code: 'de' }, components } });
    await sandbox.deliverStatuses(1);
    expect(sandbox.statuses()[0]?.errors?.[0]?.code).toBe(131050);
    await change({ stoppedMarketing: false });
    await expect.poll(() => sandbox.of('user_preferences').length).toBe(2);
    expect(sandbox.of('user_preferences')[1]).toMatchObject({ user_preferences: [{ value: 'resume' }] });
  });

  it('hears a voice note that it has read', async () => {
    const taken = await sandbox.post(`/sandbox/media?phoneNumberId=${NUMBER}`, Buffer.from('ogg'), {
      'content-type': 'audio/ogg',
    });
    await sandbox.send({ type: 'audio', audio: { id: taken.body.id, voice: true } });
    sandbox.time.advance(3_000);
    await expect.poll(() => told().toSorted()).toEqual(['delivered', 'played', 'read', 'sent']);
  });

  it('is not there', async () => {
    expect((await sandbox.call('PATCH', '/sandbox/phones/DE.404', {})).status).toBe(404);
    expect((await sandbox.call('GET', '/sandbox/phones/DE.404')).status).toBe(404);
  });
});

describe('limits', () => {
  it('of a pair are one message in six seconds, and 45 at once', async () => {
    await sandbox.write();
    const codes = await Promise.all(Array.from({ length: 46 }, async () => (await sandbox.send()).body.error?.code));
    expect(codes.filter((code) => code === 131056)).toHaveLength(1);
    sandbox.time.advance(6_000);
    expect((await sandbox.send()).status).toBe(200);
    expect((await sandbox.send()).body.error.code).toBe(131056);
  });

  it('of a number are 80 messages a second', async () => {
    for (let i = 0; i < 81; i++) await sandbox.write({ from: { phone: `+49151123456${i + 10}` } });
    const codes: (number | undefined)[] = [];
    for (let i = 0; i < 81; i++) codes.push((await sandbox.send({ to: `+49151123456${i + 10}` })).body.error?.code);
    expect(codes.indexOf(130429)).toBe(80);
  });

  it('of an account are so many people outside a window in 24 hours', async () => {
    await sandbox.call('PATCH', `/sandbox/numbers/${NUMBER}`, { tier: 'TIER_50' });
    const template = { type: 'template', template: { name: 'hello_world', language: { code: 'en_US' } } };
    const reach = async (index: number) =>
      (await sandbox.send({ ...template, to: `+49151123456${index + 10}` })).body.error?.code;
    for (let i = 0; i < 50; i++) expect(await reach(i)).toBeUndefined();
    expect(await reach(50)).toBe(131048);
    expect(await reach(0)).toBeUndefined();
    await sandbox.write({ from: { phone: '+4915112345660' } });
    expect(await reach(50)).toBeUndefined();
    sandbox.time.advance(24 * HOUR_MS);
    expect(await reach(51)).toBeUndefined();
  });

  it('are not there when they are switched off', async () => {
    const free = await startSandbox({ RATE_LIMITS: 'false' });
    await free.write();
    const codes = await Promise.all(Array.from({ length: 60 }, async () => (await free.send()).status));
    expect(new Set(codes)).toEqual(new Set([200]));
    await free.stop();
  });
});

describe('a number', () => {
  it('changes, and Meta tells it', async () => {
    const answer = await sandbox.call('PATCH', `/sandbox/numbers/${NUMBER}`, {
      tier: 'TIER_2K',
      quality: 'YELLOW',
      nameStatus: 'DECLINED',
    });
    expect(answer.body).toMatchObject({ tier: 'TIER_2K', quality: 'YELLOW' });
    await expect
      .poll(() =>
        sandbox
          .changes()
          .map(({ field }) => field)
          .toSorted(),
      )
      .toEqual(['business_capability_update', 'phone_number_name_update', 'phone_number_quality_update']);
    expect(sandbox.of('phone_number_quality_update')).toMatchObject([
      { display_phone_number: '4930901820', current_limit: 'TIER_2K', old_limit: 'TIER_100K' },
    ]);
    expect((await sandbox.call('PATCH', '/sandbox/numbers/1', {})).status).toBe(404);
  });
});

describe('other webhooks', () => {
  it.each(Object.keys(SAMPLES))('%s has a sample', async (field) => {
    const { body } = await sandbox.post('/sandbox/webhooks', { field, phoneNumberId: NUMBER });
    expect(body.webhookStatus).toBe(200);
    const [entry] = sandbox.receiver.received[0]!.body.entry;
    expect(entry?.changes[0]?.field).toBe(field);
    // Either a number and no time, or a time and no number (whatsapp.md §A4, §A8).
    expect('metadata' in (entry?.changes[0]?.value ?? {})).toBe(SAMPLES[field]?.isOfNumber);
    expect('time' in (entry ?? {})).toBe(!SAMPLES[field]?.isOfNumber);
  });

  it('may be anything', async () => {
    await sandbox.post('/sandbox/webhooks', { field: 'something_new', phoneNumberId: NUMBER, value: { a: 1 } });
    expect(sandbox.of('something_new')).toEqual([{ a: 1 }]);
    expect((await sandbox.post('/sandbox/webhooks', { field: 'something_new', phoneNumberId: NUMBER })).status).toBe(
      404,
    );
  });

  it('are listed, newest first', async () => {
    await sandbox.write();
    sandbox.receiver.answer = 503;
    await sandbox.write();
    const { body } = await sandbox.call('GET', '/sandbox/webhooks');
    expect(body['webhooks']).toMatchObject([
      { state: 'repeating', status: 503 },
      { state: 'taken', status: 200, attempts: 1 },
    ]);
  });
});

describe('the sandbox', () => {
  it('shows what comes twice once', async () => {
    const message = { id: 'wamid.SAME', type: 'text', text: { body: 'Hallo' } };
    await sandbox.write({ text: undefined, message });
    await sandbox.write({ text: undefined, message });
    expect(sandbox.inbound()).toHaveLength(2);
    const { body } = await sandbox.call('GET', `/sandbox/phones/${BSUID}`);
    expect(body['chats']).toMatchObject([{ messages: [{ wamid: 'wamid.SAME' }] }]);
    expect((body['chats'] as { messages: object[] }[])[0]?.messages).toHaveLength(1);
  });

  it('forgets everything when it is reset', async () => {
    await sandbox.write();
    await sandbox.switchOn('token-expired');
    await sandbox.post('/sandbox/reset', {});
    expect((await sandbox.call('GET', '/sandbox/state')).body).toMatchObject({ phones: [], scenarios: [] });
    expect((await sandbox.send()).body.error.code).toBe(131047);
  });

  it('answers to no foreign name, and takes nothing from foreign pages', async () => {
    const status = await new Promise((resolve) => {
      get(`${sandbox.url}/sandbox/state`, { headers: { host: 'evil.example' } }, (response) =>
        resolve(response.statusCode),
      );
    });
    expect(status).toBe(403);
    expect((await sandbox.post('/sandbox/reset', '{}', { 'content-type': 'text/plain' })).status).toBe(415);
  });

  it('tells open pages what happens', async () => {
    const events = await fetch(`${sandbox.url}/sandbox/events`);
    const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    await sandbox.write();
    while (!text.includes('event: message')) text += (await reader.read()).value ?? '';
    expect(text).toContain('"body":"Hallo"');
    await reader.cancel();
  });

  it('serves its page and nothing beside it', async () => {
    const page = await fetch(`${sandbox.url}/`);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await page.text()).toContain('<title>WhatsApp sandbox</title>');
    for (const path of ['/page/../package.json', '/page/page.html', '/page/constructor', '/sandbox/nothing']) {
      expect((await fetch(`${sandbox.url}${path}`)).status).toBe(404);
    }
  });
});
