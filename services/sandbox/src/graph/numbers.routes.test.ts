import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  APP,
  APP_SECRET,
  HOUR_MS,
  NUMBER,
  OTHER_NUMBER,
  PHONE,
  startReceiver,
  startSandbox,
  WABA,
  type TestSandbox,
} from '../testing/start-sandbox.js';

let sandbox: TestSandbox;
beforeEach(async () => {
  sandbox = await startSandbox();
});
afterEach(() => sandbox.stop());

describe('phone numbers', () => {
  it('are described with the fields that are asked for', async () => {
    const fields =
      'display_phone_number,verified_name,quality_rating,messaging_limit_tier,whatsapp_business_manager_messaging_limit,throughput,name_status,status,nonsense';
    expect((await sandbox.graph('GET', `${NUMBER}?fields=${fields}`)).body).toEqual({
      id: NUMBER,
      display_phone_number: '+4930901820',
      verified_name: 'Sandbox',
      quality_rating: 'GREEN',
      messaging_limit_tier: 'TIER_100K',
      whatsapp_business_manager_messaging_limit: 'TIER_100K',
      throughput: { level: 'STANDARD' },
      name_status: 'APPROVED',
      status: 'CONNECTED',
    });
    expect((await sandbox.graph('GET', `${NUMBER}?fields=a{b`)).body.error.code).toBe(2500);
    expect((await sandbox.graph('GET', OTHER_NUMBER)).body.error.error_subcode).toBe(33);
  });

  it('are listed by account', async () => {
    const { body } = await sandbox.graph('GET', `${WABA}/phone_numbers?fields=display_phone_number`);
    expect(body.data).toEqual([
      { id: NUMBER, display_phone_number: '+4930901820' },
      { id: OTHER_NUMBER, display_phone_number: '+4930901821' },
    ]);
    expect(body['paging']).not.toHaveProperty('next');
  });

  it('have a business profile', async () => {
    const path = `${NUMBER}/whatsapp_business_profile`;
    const profile = {
      about: 'Montag bis Freitag 9 bis 18 Uhr',
      address: 'Torstraße 1, Berlin',
      description: 'Fahrräder und Werkstatt',
      email: 'hallo@example.com',
      websites: ['https://example.com'],
      vertical: 'RETAIL',
    };
    expect((await sandbox.graph('POST', path, { messaging_product: 'whatsapp', ...profile })).body).toEqual({
      success: true,
    });
    expect(
      (await sandbox.graph('GET', `${path}?fields=about,address,description,email,websites,vertical`)).body,
    ).toEqual({
      data: [{ messaging_product: 'whatsapp', ...profile }],
    });
    for (const wrong of [
      { about: '' },
      { about: 'x'.repeat(140) },
      { email: 'nobody' },
      { websites: ['https://a.de', 'https://b.de', 'https://c.de'] },
      { websites: ['javascript:alert(1)'] },
      { vertical: 'BICYCLES' },
      { profile_picture_handle: '4:unknown' },
    ]) {
      expect((await sandbox.graph('POST', path, { messaging_product: 'whatsapp', ...wrong })).body.error.code).toBe(
        100,
      );
    }
    expect((await sandbox.graph('POST', path, profile)).body.error.code).toBe(100);
  });

  it('are registered with a PIN and a storage region, and send nothing when they are not', async () => {
    await sandbox.write();
    const register = (pin: string) =>
      sandbox.graph('POST', `${NUMBER}/register`, {
        messaging_product: 'whatsapp',
        pin,
        data_localization_region: 'DE',
      });
    await sandbox.graph('POST', `${NUMBER}/deregister`);
    expect((await sandbox.send()).body.error.code).toBe(133010);
    expect((await register('12345')).body.error.code).toBe(100);
    expect((await register('123456')).body).toEqual({ success: true });
    expect((await register('654321')).body.error.code).toBe(133005);
    expect((await sandbox.send()).status).toBe(200);
    expect((await sandbox.graph('GET', `${NUMBER}/settings`)).body).toMatchObject({
      storage_configuration: { status: 'in_country_storage_enabled', data_localization_region: 'DE' },
    });
  });
});

describe('subscriptions', () => {
  it('of an account are there, end, and come back', async () => {
    const path = `${WABA}/subscribed_apps`;
    expect((await sandbox.graph('GET', path)).body.data).toMatchObject([{ whatsapp_business_api_data: { id: APP } }]);
    expect((await sandbox.graph('DELETE', path)).body).toEqual({ success: true });
    expect((await sandbox.graph('GET', path)).body.data).toEqual([]);
    expect((await sandbox.write()).body.webhookStatus).toBeNull();
    expect((await sandbox.graph('POST', path)).body).toEqual({ success: true });
    expect((await sandbox.write()).body.webhookStatus).toBe(200);
  });

  it('may go to an address of the account, or of a number, after a handshake', async () => {
    const other = await startReceiver();
    const path = `${WABA}/subscribed_apps`;
    const override = { override_callback_uri: other.url, verify_token: 'verify-token' };
    expect((await sandbox.graph('POST', path, { ...override, verify_token: 'x' })).body.error.code).toBe(2200);
    expect(
      (await sandbox.graph('POST', path, { ...override, override_callback_uri: 'http://127.0.0.1:1' })).body.error.code,
    ).toBe(2200);
    expect((await sandbox.graph('POST', path, override)).body).toEqual({ success: true });
    await sandbox.write();
    expect([sandbox.receiver.received.length, other.received.length]).toEqual([0, 1]);
    await sandbox.graph('POST', path);
    await sandbox.graph('POST', NUMBER, { webhook_configuration: override });
    await sandbox.write();
    await sandbox.write({ phoneNumberId: OTHER_NUMBER });
    expect([sandbox.receiver.received.length, other.received.length]).toEqual([1, 2]);
    await sandbox.graph('POST', NUMBER, { webhook_configuration: { override_callback_uri: '' } });
    await sandbox.write();
    expect(sandbox.receiver.received).toHaveLength(2);
    await other.stop();
  });

  it('of the app say where webhooks go, and which fields', async () => {
    const token = `${APP}|${APP_SECRET}`;
    const path = `${APP}/subscriptions`;
    expect((await sandbox.graph('GET', path)).body.error.code).toBe(190);
    expect((await sandbox.graph('DELETE', path, undefined, token)).body).toEqual({ success: true });
    expect((await sandbox.write()).body.webhookStatus).toBeNull();
    const subscription = {
      object: 'whatsapp_business_account',
      callback_url: sandbox.receiver.url,
      verify_token: 'verify-token',
      fields: 'messages',
    };
    expect((await sandbox.graph('POST', path, { ...subscription, verify_token: 'x' }, token)).body.error.code).toBe(
      2200,
    );
    expect((await sandbox.graph('POST', path, subscription, token)).body).toEqual({ success: true });
    expect((await sandbox.graph('GET', path, undefined, token)).body.data).toMatchObject([
      { callback_url: sandbox.receiver.url, fields: [{ name: 'messages' }] },
    ]);
    expect((await sandbox.write()).body.webhookStatus).toBe(200);
    expect(
      (await sandbox.post('/sandbox/webhooks', { field: 'security', phoneNumberId: NUMBER })).body.webhookStatus,
    ).toBeNull();
  });
});

describe('pricing analytics', () => {
  const ask = async (parts = '') => {
    const from = Date.UTC(2026, 10, 1) / 1_000;
    const field = `pricing_analytics.start(${from}).end(${from + 40 * 86_400}).granularity(DAILY)${parts}`;
    const { body } = await sandbox.graph('GET', `${WABA}?fields=${encodeURIComponent(field)}`);
    return (
      (body['pricing_analytics'] as { data: { data_points: object[] }[] } | undefined)?.data[0]?.data_points ??
      body.error.code
    );
  };
  const template = { type: 'template', template: { name: 'hello_world', language: { code: 'en_US' } } };

  it('tell what was delivered, and about what it cost', async () => {
    await sandbox.write();
    for (let i = 0; i < 3; i++) await sandbox.send();
    await sandbox.send(template);
    sandbox.time.advance(HOUR_MS);
    // A failed one is free; one that is only sent is not delivered.
    await sandbox.switchOn('not-on-whatsapp', { times: 1 });
    await sandbox.send();
    await sandbox.switchOn('statuses-only-sent', { times: 1 });
    await sandbox.send();
    // Told twice, delivered once.
    await sandbox.switchOn('statuses-duplicated', { times: 1 });
    await sandbox.send({ ...template, to: '+436601234567' });
    sandbox.time.advance(HOUR_MS);
    const day = { start: 1_795_215_600, end: 1_795_302_000 };
    expect(await ask('.dimensions(PRICING_CATEGORY,PRICING_TYPE,COUNTRY,TIER).metric_types(COST,VOLUME)')).toEqual([
      { ...day, country: 'DE', pricing_type: 'FREE_CUSTOMER_SERVICE', pricing_category: 'SERVICE', volume: 2, cost: 0 },
      {
        ...day,
        country: 'DE',
        tier: '0:MAX',
        pricing_type: 'REGULAR',
        pricing_category: 'SERVICE',
        volume: 1,
        cost: 0.0456,
      },
      {
        ...day,
        country: 'DE',
        tier: '0:MAX',
        pricing_type: 'REGULAR',
        pricing_category: 'UTILITY',
        volume: 1,
        cost: 0.0456,
      },
      {
        ...day,
        country: 'AT',
        tier: '0:MAX',
        pricing_type: 'REGULAR',
        pricing_category: 'UTILITY',
        volume: 1,
        cost: 0.0142,
      },
    ]);
    expect(await ask()).toEqual([{ ...day, volume: 5, cost: 0.1054 }]);
    expect(await ask('.country_codes(["AT"]).metric_types(["VOLUME"]).dimensions(["PHONE"])')).toEqual([
      { ...day, phone_number: '4930901820', volume: 1 },
    ]);
  });

  it('have days and months of the account', async () => {
    sandbox.time.moveTo(new Date('2026-11-30T22:59:00Z'));
    await sandbox.send({ ...template });
    sandbox.time.advance(60_000);
    await sandbox.send({ ...template });
    sandbox.time.advance(60_000);
    const starts = async (granularity: string) => {
      const from = Date.UTC(2026, 10, 1) / 1_000;
      const field = `pricing_analytics.start(${from}).end(${from + 60 * 86_400}).granularity(${granularity})`;
      const { body } = await sandbox.graph('GET', `${WABA}?fields=${encodeURIComponent(field)}`);
      const { data } = body['pricing_analytics'] as { data: { data_points: { start: number }[] }[] };
      return data[0]!.data_points.map(({ start }) => new Date(start * 1_000).toISOString());
    };
    expect(await starts('MONTHLY')).toEqual(['2026-10-31T23:00:00.000Z', '2026-11-30T23:00:00.000Z']);
    expect(await starts('DAILY')).toEqual(['2026-11-29T23:00:00.000Z', '2026-11-30T23:00:00.000Z']);
    expect(await starts('HALF_HOUR')).toEqual(['2026-11-30T22:30:00.000Z', '2026-11-30T23:00:00.000Z']);
  });

  it('refuse what they do not know', async () => {
    expect(await ask('.dimensions(WEATHER)')).toBe(100);
    expect(await ask('.metric_types(FUN)')).toBe(100);
    const wrong = await sandbox.graph('GET', `${WABA}?fields=pricing_analytics.start(1).end(2).granularity(YEARLY)`);
    expect(wrong.body.error.code).toBe(100);
    expect((await sandbox.graph('GET', `${WABA}?fields=pricing_analytics.end(2)`)).body.error.code).toBe(100);
  });

  it('know the market of somebody without a phone by the user id', async () => {
    await sandbox.write({ from: { bsuid: 'CH.1', username: 'max' } });
    await sandbox.send({ to: undefined, recipient: 'CH.1' });
    sandbox.time.advance(2_000);
    expect(await ask('.dimensions(COUNTRY)')).toMatchObject([{ country: 'CH', volume: 1 }]);
  });
});

describe('marketing messages', () => {
  it('have a category of their own, and are marketing templates', async () => {
    const parameters = ['name', 'rabatt'].map((name) => ({ type: 'text', parameter_name: name, text: name }));
    const components = [
      { type: 'body', parameters },
      { type: 'button', sub_type: 'url', index: 0, parameters: [{ type: 'text', text: 'x' }] },
    ];
    const body = {
      messaging_product: 'whatsapp',
      to: `+${PHONE}`,
      type: 'template',
      template: { name: 'angebot', language: { code: 'de' }, components },
    };
    expect((await sandbox.graph('POST', `${NUMBER}/marketing_messages`, body)).status).toBe(200);
    await sandbox.deliverStatuses(3);
    expect(sandbox.statuses()[0]?.pricing?.category).toBe('marketing_lite');
    const utility = { ...body, template: { name: 'hello_world', language: { code: 'en_US' } } };
    expect((await sandbox.graph('POST', `${NUMBER}/marketing_messages`, utility)).body.error.code).toBe(131009);
  });
});
