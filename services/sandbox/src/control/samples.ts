import type { Person } from '../webhook-body.js';
import { bsuidOf, newWamid, unixSeconds } from '../webhook-body.js';
import type { PhoneNumber } from '../numbers.js';

/** One `value` of every other webhook field (whatsapp.md §A8), to see what becomes of it. */
interface Sample {
  /** Comes with `metadata`, and to the number's own address. */
  isOfNumber: boolean;
  value: (number: PhoneNumber, now: Date, person?: Person & { stoppedMarketing?: boolean }) => Record<string, unknown>;
}

const PHONE = '4915112345678';
const seconds = (date: Date) => Math.floor(date.getTime() / 1_000);
const displayed = (number: PhoneNumber) => ({ display_phone_number: number.displayPhoneNumber });
const template = {
  message_template_id: 1_234_567_890_123_456,
  message_template_name: 'termin',
  message_template_language: 'de',
};
const ofAccount = (value: Sample['value']): Sample => ({ isOfNumber: false, value });
const ofNumber = (value: Sample['value']): Sample => ({ isOfNumber: true, value });

export const SAMPLES: Record<string, Sample> = {
  message_template_status_update: ofAccount(() => ({
    event: 'APPROVED',
    ...template,
    message_template_category: 'UTILITY',
    reason: null,
  })),
  message_template_quality_update: ofAccount(() => ({
    previous_quality_score: 'GREEN',
    new_quality_score: 'YELLOW',
    ...template,
  })),
  message_template_components_update: ofAccount(() => ({
    ...template,
    message_template_element: 'Hallo {{1}}, Ihr Termin ist am {{2}}.',
    message_template_buttons: [{ message_template_button_type: 'QUICK_REPLY', message_template_button_text: 'Ja' }],
  })),
  template_category_update: ofAccount((_number, now) => ({
    ...template,
    new_category: 'UTILITY',
    correct_category: 'MARKETING',
    category_update_timestamp: seconds(now) + 86_400,
  })),
  phone_number_quality_update: ofAccount((number) => ({
    ...displayed(number),
    event: 'ONBOARDING',
    max_daily_conversations_per_business: number.tier,
  })),
  phone_number_name_update: ofAccount((number) => ({
    ...displayed(number),
    decision: 'APPROVED',
    requested_verified_name: number.verifiedName,
    rejection_reason: 'NONE',
  })),
  phone_number_username_update: ofAccount((number) => ({
    ...displayed(number),
    decision: 'APPROVED',
    requested_username: 'sandbox',
    rejection_reasons: [],
  })),
  business_capability_update: ofAccount((number) => ({
    max_daily_conversations_per_business: number.tier,
    max_phone_numbers_per_waba: 25,
    max_phone_numbers_per_business: 20,
  })),
  account_update: ofAccount((number, now) => ({
    phone_number: number.displayPhoneNumber,
    event: 'VOLUME_BASED_PRICING_TIER_UPDATE',
    volume_tier_info: {
      tier_update_time: seconds(now),
      pricing_category: 'UTILITY',
      tier: '100001:1000000',
      effective_month: now.toISOString().slice(0, 7),
      region: 'Germany',
    },
  })),
  account_alerts: ofAccount((number) => ({
    entity_type: 'PHONE_NUMBER',
    entity_id: number.phoneNumberId,
    alert_info: {
      alert_severity: 'WARNING',
      alert_status: 'ACTIVE',
      alert_type: 'INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED',
      alert_description: 'The messaging limit cannot grow at present.',
    },
  })),
  account_review_update: ofAccount(() => ({ decision: 'APPROVED' })),
  security: ofAccount((number) => ({ ...displayed(number), event: 'PIN_CHANGED', requester: '61555822107539' })),
  partner_solutions: ofAccount(() => ({
    event: 'SOLUTION_CREATED',
    solution_id: '774485461512159',
    solution_status: 'INITIATED',
  })),
  payment_configuration_update: ofAccount(() => ({
    configuration_name: 'sandbox',
    provider_name: 'razorpay',
    provider_mid: 'acc_sandbox',
    status: 'Active',
    created_timestamp: 1_795_255_200,
    updated_timestamp: 1_795_255_200,
  })),
  user_preferences: ofNumber((_number, now, person = { bsuid: bsuidOf(PHONE), phone: PHONE, name: 'Anna Bauer' }) => ({
    contacts: [
      {
        ...(person.name !== undefined && { profile: { name: person.name } }),
        ...(person.phone !== undefined && { wa_id: person.phone }),
        user_id: person.bsuid,
      },
    ],
    user_preferences: [
      {
        ...(person.phone !== undefined && { wa_id: person.phone }),
        user_id: person.bsuid,
        detail: 'User requested to change their marketing messages preference',
        category: 'marketing_messages',
        value: person.stoppedMarketing === false ? 'resume' : 'stop',
        timestamp: seconds(now),
      },
    ],
  })),
  history: ofNumber((number, now) => ({
    history: [
      {
        metadata: { phase: 0, chunk_order: 1, progress: 100 },
        threads: [
          {
            id: PHONE,
            messages: [
              {
                from: PHONE,
                from_user_id: bsuidOf(PHONE),
                id: newWamid(),
                timestamp: String(seconds(now) - 7 * 86_400),
                type: 'text',
                text: { body: 'Eine alte Frage' },
                history_context: { status: 'READ' },
              },
              {
                from: number.displayPhoneNumber,
                to: PHONE,
                id: newWamid(),
                timestamp: String(seconds(now) - 7 * 86_400 + 60),
                type: 'text',
                text: { body: 'Eine alte Antwort' },
                history_context: { status: 'READ' },
              },
            ],
          },
        ],
      },
    ],
  })),
  smb_message_echoes: ofNumber((number, now) => ({
    message_echoes: [
      {
        from: number.displayPhoneNumber,
        to: PHONE,
        to_user_id: bsuidOf(PHONE),
        id: newWamid(),
        timestamp: unixSeconds(now),
        type: 'text',
        text: { body: 'Vom Handy geantwortet' },
      },
    ],
  })),
  smb_app_state_sync: ofNumber((_number, now) => ({
    state_sync: [
      {
        type: 'contact',
        contact: { full_name: 'Anna Bauer', first_name: 'Anna', phone_number: PHONE },
        action: 'add',
        metadata: { timestamp: unixSeconds(now) },
      },
    ],
  })),
  messaging_handovers: ofNumber((number, now) => ({
    type: 'control_passed',
    sender: { phone_number: PHONE },
    recipient: { phone_number_id: number.phoneNumberId, display_phone_number: number.displayPhoneNumber },
    timestamp: unixSeconds(now),
  })),
  standby: ofNumber((_number, now) => ({
    contacts: [{ profile: { name: 'Anna Bauer' }, wa_id: PHONE, user_id: bsuidOf(PHONE) }],
    messages: [
      {
        from: PHONE,
        from_user_id: bsuidOf(PHONE),
        id: newWamid(),
        timestamp: unixSeconds(now),
        type: 'text',
        text: { body: 'An einen anderen Partner' },
      },
    ],
  })),
  automatic_events: ofNumber((_number, now) => ({
    automatic_events: [
      { id: newWamid(), event_name: 'LeadSubmitted', timestamp: seconds(now), ctwa_clid: 'ARsandbox' },
    ],
  })),
  flows: ofAccount(() => ({
    event: 'FLOW_STATUS_CHANGE',
    message: 'Flow Termin changed status from DRAFT to PUBLISHED',
    flow_id: '574158578159214',
    old_status: 'DRAFT',
    new_status: 'PUBLISHED',
  })),
  calls: ofNumber((number, now) => ({
    contacts: [{ profile: { name: 'Anna Bauer' }, wa_id: PHONE, user_id: bsuidOf(PHONE) }],
    calls: [
      {
        id: `wacid.${newWamid().slice(6)}`,
        from: PHONE,
        from_user_id: bsuidOf(PHONE),
        to: number.displayPhoneNumber,
        event: 'terminate',
        direction: 'USER_INITIATED',
        status: 'COMPLETED',
        timestamp: unixSeconds(now),
        duration: 42,
      },
    ],
  })),
  group_lifecycle_update: ofNumber((_number, now) => ({
    groups: [
      {
        timestamp: unixSeconds(now),
        group_id: 'Y2FwaV9ncm91cDox',
        type: 'group_create',
        request_id: '1',
        subject: 'Stammtisch',
        invite_link: 'https://chat.whatsapp.com/sandbox',
      },
    ],
  })),
  group_participants_update: ofNumber((_number, now) => ({
    groups: [
      {
        timestamp: unixSeconds(now),
        group_id: 'Y2FwaV9ncm91cDox',
        type: 'group_participants_add',
        reason: 'invite_link',
        added_participants: [{ wa_id: PHONE }],
      },
    ],
  })),
  group_settings_update: ofNumber((_number, now) => ({
    groups: [
      {
        timestamp: unixSeconds(now),
        group_id: 'Y2FwaV9ncm91cDox',
        type: 'group_settings_update',
        request_id: '1',
        group_subject: { text: 'Stammtisch', update_successful: true },
      },
    ],
  })),
  group_status_update: ofNumber((_number, now) => ({
    groups: [{ timestamp: unixSeconds(now), group_id: 'Y2FwaV9ncm91cDox', type: 'group_suspend' }],
  })),
};
