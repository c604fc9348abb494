import { describe, expect, it } from 'vitest';
import { parseWebhook } from './webhook.js';

const told = (...preferences: unknown[]) => {
  const value = { metadata: { phone_number_id: '1' }, contacts: [], user_preferences: preferences };
  const entry = { id: 'waba', time: 1, changes: [{ field: 'user_preferences', value }] };
  const [item] = parseWebhook({ object: 'whatsapp_business_account', entry: [entry] }).items;
  return item?.kind === 'other' ? item.preferences : undefined;
};
const stop = {
  wa_id: '4915112345678',
  user_id: 'DE.1',
  category: 'marketing_messages',
  value: 'stop',
  timestamp: 1_795_255_200,
};

describe('who has stopped marketing in WhatsApp', () => {
  it('is told with time and names, and so is who allows it again', () => {
    const common = {
      identity: { phone: '+4915112345678', bsuid: 'DE.1' },
      changedAt: new Date('2026-11-21T10:00:00Z'),
    };
    expect(told(stop, { ...stop, value: 'resume' })).toEqual([
      { ...common, value: 'STOP' },
      { ...common, value: 'RESUME' },
    ]);
    expect(told({ ...stop, wa_id: undefined })).toMatchObject([{ identity: { bsuid: 'DE.1' } }]);
    expect(told({ ...stop, user_id: undefined })).toMatchObject([{ identity: { phone: '+4915112345678' } }]);
  });

  it.each([
    null,
    'stop',
    { ...stop, value: 'signup' },
    { ...stop, value: undefined },
    { ...stop, category: 'service_messages' },
    { ...stop, timestamp: 'yesterday' },
    { ...stop, wa_id: 'Anna', user_id: undefined },
  ])('is not told by %j', (preference) => {
    expect(told(preference)).toBeUndefined();
  });
});
