import { sendJson } from '@fenster/runtime';
import { readJson } from '../http/http.js';
import { numberBody, type Account, type BusinessProfile, type PhoneNumber } from '../numbers.js';
import { isObject, lengthOf, textOf } from '../rules/json.js';
import { pricingAnalytics } from './analytics.js';
import { myAccount, myNumber, type GraphContext } from './context.js';
import { paginate, parseFields, pick } from './fields.js';
import { graphError, parameterError, refuse } from './graph-error.js';
import { confirmCallback } from './subscriptions.routes.js';

const DEFAULT_FIELDS =
  'verified_name,code_verification_status,display_phone_number,quality_rating,platform_type,throughput,webhook_configuration,id';

/** `GET /{number}` */
export function describeNumber(context: GraphContext, number: PhoneNumber): void {
  const fields = parseFields(context.query.get('fields') ?? DEFAULT_FIELDS);
  sendJson(context.response, 200, pick(numberBody(number), fields));
}

/** `POST /{number}`: its own address for webhooks; an empty one takes it away. */
export async function changeNumber(context: GraphContext, number: PhoneNumber): Promise<void> {
  const body = await readJson(context.request);
  const configuration = isObject(body) ? body['webhook_configuration'] : undefined;
  if (isObject(configuration)) {
    const uri = textOf(configuration['override_callback_uri']) ?? '';
    if (uri === '') delete number.override;
    else number.override = await confirmCallback(context, uri, textOf(configuration['verify_token']) ?? '');
  } else if (isObject(body) && textOf(body['pin']) !== undefined) {
    number.pin = checkPin(body['pin']);
  } else {
    refuse(parameterError('The parameter webhook_configuration or pin is required.'));
  }
  sendJson(context.response, 200, { success: true });
}

/** `GET /{waba}/phone_numbers` */
export function listNumbers(context: GraphContext, wabaId: string): void {
  const { world, query, origin, path, response } = context;
  const account = myAccount(context, wabaId);
  const fields = parseFields(query.get('fields') ?? DEFAULT_FIELDS);
  const numbers = world.numbers.numbersOf(account.id);
  const page = paginate(numbers, { query, keyOf: (number) => number.phoneNumberId, url: `${origin}${path}` });
  sendJson(response, 200, { ...page, data: page.data.map((number) => pick(numberBody(number), fields)) });
}

/** `GET /{waba}` */
export function describeAccount(context: GraphContext, account: Account): void {
  const { world, query, response } = context;
  const fields = parseFields(query.get('fields') ?? 'id,name,timezone_id,message_template_namespace');
  const body: Record<string, unknown> = {
    id: account.id,
    name: account.name,
    currency: account.currency,
    timezone_id: '1',
    message_template_namespace: 'ba30dd89_2ebd_41e4_b805_f2c05ae04cc9',
    account_review_status: 'APPROVED',
    business_verification_status: 'verified',
    country: 'DE',
    ownership_type: 'SELF',
    status: 'ACTIVE',
  };
  const analytics = fields.find((field) => field.name === 'pricing_analytics');
  if (analytics) body['pricing_analytics'] = pricingAnalytics(world, account, analytics.arguments);
  sendJson(response, 200, pick(body, fields));
}

/** As Meta's OpenAPI has them. */
const VERTICALS: ReadonlySet<unknown> = new Set([
  'OTHER',
  'AUTO',
  'BEAUTY',
  'APPAREL',
  'EDU',
  'ENTERTAIN',
  'EVENT_PLAN',
  'FINANCE',
  'GROCERY',
  'GOVT',
  'HOTEL',
  'HEALTH',
  'NONPROFIT',
  'PROF_SERVICES',
  'RETAIL',
  'TRAVEL',
  'RESTAURANT',
  'ALCOHOL',
  'ONLINE_GAMBLING',
  'PHYSICAL_GAMBLING',
  'OTC_DRUGS',
]);
const PROFILE_LIMITS = { about: 139, address: 256, description: 512, email: 128 } as const;
const MAX_WEBSITES = 2;
const MAX_WEBSITE_LENGTH = 256;

/** `GET /{number}/whatsapp_business_profile` */
export function describeProfile(context: GraphContext, numberId: string): void {
  const number = myNumber(context, numberId);
  const fields = parseFields(context.query.get('fields') ?? 'messaging_product');
  const profile = pick({ ...number.profile, messaging_product: 'whatsapp' }, fields);
  sendJson(context.response, 200, { data: [{ ...profile, messaging_product: 'whatsapp' }] });
}

/** `POST /{number}/whatsapp_business_profile` */
export async function changeProfile(context: GraphContext, numberId: string): Promise<void> {
  const { world, request, response, origin } = context;
  const number = myNumber(context, numberId);
  const body = await readJson(request);
  if (!isObject(body) || body['messaging_product'] !== 'whatsapp') {
    return refuse(parameterError('The parameter messaging_product is required.'));
  }
  const change: BusinessProfile = {};
  for (const [name, limit] of Object.entries(PROFILE_LIMITS) as [keyof typeof PROFILE_LIMITS, number][]) {
    const value = body[name];
    if (value === undefined) continue;
    if (typeof value !== 'string' || lengthOf(value) > limit || (name === 'about' && value === '')) {
      refuse(parameterError(`Param ${name} must be a string of at most ${limit} characters.`));
    }
    change[name] = value;
  }
  if (change.email !== undefined && change.email !== '' && !/^[^\s@]+@[^\s@]+$/.test(change.email)) {
    refuse(parameterError('Param email must be a valid email address.'));
  }
  const { websites, vertical, profile_picture_handle: handle } = body;
  if (websites !== undefined) {
    const isValid =
      Array.isArray(websites) &&
      websites.length <= MAX_WEBSITES &&
      websites.every(
        (site) => typeof site === 'string' && site.length <= MAX_WEBSITE_LENGTH && /^https?:\/\//i.test(site),
      );
    if (!isValid) refuse(parameterError(`Param websites must be at most ${MAX_WEBSITES} URLs.`));
    change.websites = websites as string[];
  }
  if (vertical !== undefined) {
    if (!VERTICALS.has(vertical)) refuse(parameterError('Param vertical is not one of the categories.'));
    change.vertical = vertical as string;
  }
  if (handle !== undefined) {
    const file =
      world.uploads.file(textOf(handle) ?? '') ?? refuse(parameterError('Param profile_picture_handle is not valid.'));
    const { bytes, mimeType } = file;
    const media = world.media.add({ phoneNumberId: number.phoneNumberId, mimeType, bytes }, 'uploaded');
    change.profile_picture_url = `${origin}/sandbox/media/${media.id}`;
  }
  Object.assign(number.profile, change);
  world.live.publish('numbers', undefined);
  sendJson(response, 200, { success: true });
}

/** `GET /{number}/settings` */
export function describeSettings(context: GraphContext, numberId: string): void {
  const number = myNumber(context, numberId);
  sendJson(context.response, 200, {
    calling: {
      status: 'disabled',
      call_icon_visibility: 'hidden',
      ip_addresses: { default: [] },
      callback_permission_status: 'disabled',
    },
    storage_configuration: number.storageRegion
      ? { status: 'in_country_storage_enabled', data_localization_region: number.storageRegion }
      : { status: 'default' },
  });
}

/** `POST /{number}/register`, with the region in which messages are stored. */
export async function registerNumber(context: GraphContext, numberId: string): Promise<void> {
  const number = myNumber(context, numberId);
  const body = await readJson(context.request);
  if (!isObject(body) || body['messaging_product'] !== 'whatsapp') {
    return refuse(parameterError('The parameter messaging_product is required.'));
  }
  const pin = checkPin(body['pin']);
  if (number.pin !== undefined && number.pin !== pin) refuse(graphError(133005));
  number.pin = pin;
  const region = textOf(body['data_localization_region']);
  if (region !== undefined) number.storageRegion = region;
  number.status = 'CONNECTED';
  context.world.live.publish('numbers', undefined);
  sendJson(context.response, 200, { success: true });
}

/** `POST /{number}/deregister`: what is sent then is refused with 133010. */
export function deregisterNumber(context: GraphContext, numberId: string): void {
  const number = myNumber(context, numberId);
  number.status = 'DISCONNECTED';
  context.world.live.publish('numbers', undefined);
  sendJson(context.response, 200, { success: true });
}

function checkPin(pin: unknown): string {
  return typeof pin === 'string' && /^\d{6}$/.test(pin) ? pin : refuse(parameterError('Param pin must be six digits.'));
}
