import { readBody, sendJson } from '@fenster/runtime';
import { z } from 'zod';
import { readJson, type Call } from '../http/http.js';
import { TIERS, THROUGHPUT, type Tier } from '../rules/limits.js';
import { LARGEST_MEDIA_BYTES } from '../rules/media-limits.js';
import { CATEGORIES } from '../rules/template-definition.js';
import { newId } from '../media.js';
import { SCENARIOS } from '../scenarios.js';
import { arrive, readAll } from '../statuses.js';
import { QUALITY_SCORES, TEMPLATE_EVENTS, templateBody, type TemplateEvent } from '../templates.js';
import { accountBody, envelope } from '../webhook-body.js';
import type { World } from '../world.js';
import { answerInbound, PARENT_BSUID } from './inbound.js';
import { answerPage } from './page.js';
import { SAMPLES } from './samples.js';
import { overview, phoneBody, pairBody } from './views.js';

/** `/sandbox/…`: everything that the real WhatsApp decides by itself. */

type Handler = (world: World, call: Call, parameter: string) => void | Promise<void>;

/** Thrown for what is asked in a wrong way; answered in words. */
class ControlError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly problems: readonly string[] = [],
  ) {
    super(message);
  }
}

async function read<T>({ request }: Call, schema: z.ZodType<T>): Promise<T> {
  // A page in the developer's browser can post anything to this machine, but not this content type.
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new ControlError(415, 'content-type must be application/json');
  }
  const result = schema.safeParse(await readJson(request));
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
  throw new ControlError(400, 'bad request', problems);
}

const number = (world: World, id: string) => {
  const found = world.numbers.get(id);
  if (!found) throw new ControlError(404, 'There is no such number.');
  return found;
};

const clockRequest = z
  .strictObject({
    to: z.iso.datetime({ offset: true }).optional(),
    /** Milliseconds; negative moves back. */
    advanceMs: z.number().int().min(-1e12).max(1e12).optional(),
    isFrozen: z.boolean().optional(),
  })
  .refine((body) => Object.keys(body).length > 0, { message: 'needs to, advanceMs or isFrozen' });

const scenarioRequest = z.strictObject({
  phoneNumberId: z.string().optional(),
  to: z.string().min(1).optional(),
  type: z.string().optional(),
  times: z.number().int().min(1).optional(),
  delayMs: z.number().int().min(0).max(604_800_000).optional(),
  via: z.enum(['response', 'status', 'both']).optional(),
});

const phoneRequest = z.strictObject({
  isOnline: z.boolean().optional(),
  readsAtOnce: z.boolean().optional(),
  hidesReading: z.boolean().optional(),
  hidesPhone: z.boolean().optional(),
  stoppedMarketing: z.boolean().optional(),
  name: z.string().min(1).max(256).optional(),
  username: z.string().min(1).max(64).optional(),
  /** Of a business whose portfolios a parent links. */
  parentBsuid: PARENT_BSUID.optional(),
  /** A new number: the person changes it, and every business is told. */
  phone: z
    .string()
    .regex(/^\+?[1-9]\d{5,14}$/)
    .optional(),
});

const newPhoneRequest = phoneRequest.extend({
  bsuid: z
    .string()
    .regex(/^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$/)
    .optional(),
});

const numberRequest = z.strictObject({
  quality: z.enum(['GREEN', 'YELLOW', 'RED']).optional(),
  tier: z.enum(Object.keys(TIERS) as [Tier, ...Tier[]]).optional(),
  throughput: z.enum(Object.keys(THROUGHPUT) as ['STANDARD', 'HIGH']).optional(),
  nameStatus: z
    .enum(['APPROVED', 'PENDING_REVIEW', 'DECLINED', 'AVAILABLE_WITHOUT_REVIEW', 'EXPIRED', 'NONE'])
    .optional(),
  verifiedName: z.string().min(1).max(256).optional(),
  status: z.enum(['CONNECTED', 'DISCONNECTED', 'FLAGGED', 'RESTRICTED', 'BANNED', 'PENDING']).optional(),
  username: z.string().min(3).max(35).optional(),
});

const templateRequest = z.union([
  z.strictObject({
    event: z.enum(Object.keys(TEMPLATE_EVENTS) as [TemplateEvent, ...TemplateEvent[]]),
    reason: z.string().max(256).optional(),
  }),
  z.strictObject({ quality: z.enum(QUALITY_SCORES) }),
  z.strictObject({
    category: z.enum(CATEGORIES),
    /** Meta announces it 24 hours before; 0 changes it at once. */
    noticeMs: z.number().int().min(0).default(86_400_000),
  }),
  z.strictObject({ pause: z.literal(true) }),
]);

const webhookRequest = z.strictObject({
  field: z.string().min(1).max(64),
  phoneNumberId: z.string(),
  /** Instead of the sample. */
  value: z.record(z.string(), z.unknown()).optional(),
});

const ROUTES: Record<string, Handler> = {
  'GET /sandbox/state': (world, { response }) => sendJson(response, 200, overview(world)),
  'POST /sandbox/inbound': async (world, call) => {
    const { status, body } = await answerInbound(world, await jsonOf(call));
    sendJson(call.response, status, body);
  },
  'GET /sandbox/clock': (world, { response }) => sendJson(response, 200, clockBody(world)),
  'POST /sandbox/clock': async (world, call) => {
    const { to, advanceMs, isFrozen } = await read(call, clockRequest);
    const { time } = world;
    if (to !== undefined) time.moveTo(new Date(to));
    if (advanceMs !== undefined) time.advance(advanceMs);
    if (isFrozen === true) time.freeze();
    if (isFrozen === false) time.resume();
    world.live.publish('clock', clockBody(world));
    sendJson(call.response, 200, clockBody(world));
  },
  'POST /sandbox/reset': async (world, call) => {
    await read(call, z.strictObject({}));
    world.reset();
    sendJson(call.response, 200, { reset: true });
  },
  'GET /sandbox/scenarios': (world, { response }) =>
    sendJson(response, 200, {
      active: world.scenarios.active(),
      known: SCENARIOS.map(({ name, description }) => ({ name, description })),
    }),
  'DELETE /sandbox/scenarios': (world, { response }) => {
    world.scenarios.clear();
    sendJson(response, 200, { active: [] });
  },
  'PUT /sandbox/scenarios/*': async (world, call, name) => {
    if (!world.scenarios.switchOn(name, await read(call, scenarioRequest))) {
      throw new ControlError(404, 'There is no scenario of this name; GET /sandbox/scenarios lists them.');
    }
    sendJson(call.response, 200, { active: world.scenarios.active() });
  },
  'DELETE /sandbox/scenarios/*': (world, { response }, name) => {
    world.scenarios.switchOff(name);
    sendJson(response, 200, { active: world.scenarios.active() });
  },
  'GET /sandbox/webhooks': (world, { response }) => sendJson(response, 200, { webhooks: world.sender.recent() }),
  'POST /sandbox/webhooks': async (world, call) => {
    const { field, phoneNumberId, value } = await read(call, webhookRequest);
    const own = number(world, phoneNumberId);
    const sample = Object.hasOwn(SAMPLES, field) ? SAMPLES[field] : undefined;
    if (!value && !sample) throw new ControlError(404, `There is no sample of ${field}; give a value.`);
    const content = value ?? sample!.value(own, world.time.now());
    const body = sample?.isOfNumber
      ? envelope(own, content, field)
      : accountBody(own.wabaId, field, content, world.time.now());
    const webhookStatus = await world.webhooks.emit(body);
    sendJson(call.response, 200, { webhookStatus: webhookStatus ?? null, body });
  },
  'PATCH /sandbox/phones/*': async (world, call, bsuid) => changePhone(world, call, bsuid),
  'POST /sandbox/phones/*': async (world, call, bsuid) => {
    // Opening a chat reads it.
    const { phoneNumberId } = await read(call, z.strictObject({ phoneNumberId: z.string() }));
    const person = world.network.find({ bsuid });
    if (!person) throw new ControlError(404, 'There is no such phone.');
    if (!person.hidesReading) readAll(world, number(world, phoneNumberId), bsuid);
    sendJson(call.response, 200, { read: true });
  },
  'GET /sandbox/samples': (_world, { response }) => sendJson(response, 200, { fields: Object.keys(SAMPLES) }),
  'POST /sandbox/phones': async (world, call) => {
    const { phone, bsuid, ...rest } = await read(call, newPhoneRequest);
    const known = {
      ...(phone !== undefined && { phone: phone.replace('+', '') }),
      ...(bsuid !== undefined && { bsuid }),
      ...(phone === undefined && bsuid === undefined && { bsuid: `DE.${newId()}` }),
    };
    const person = Object.assign(world.network.meet(known), rest);
    world.live.publish('phone', phoneBody(person));
    sendJson(call.response, 200, phoneBody(person));
  },
  'GET /sandbox/phones': (world, { response }) =>
    sendJson(response, 200, { phones: world.network.people().slice(-500).map(phoneBody) }),
  'GET /sandbox/phones/*': (world, { response }, bsuid) => {
    const person = world.network.find({ bsuid });
    if (!person) throw new ControlError(404, 'There is no such phone.');
    const chats = world.network.pairsOf(bsuid).map((pair) => pairBody(world, pair));
    sendJson(response, 200, { ...phoneBody(person), chats });
  },
  'GET /sandbox/numbers': (world, { response }) => sendJson(response, 200, { numbers: overview(world).numbers }),
  'PATCH /sandbox/numbers/*': (world, call, id) => changeNumber(world, call, id),
  'GET /sandbox/templates': (world, { response }) => {
    const accounts = new Set(world.numbers.all().map((each) => each.wabaId));
    const templates = [...accounts].flatMap((wabaId) => world.templates.of(wabaId));
    sendJson(response, 200, { templates: templates.map(templateBody) });
  },
  'POST /sandbox/templates/*': async (world, call, id) => {
    const template = world.templates.get(id);
    if (!template) throw new ControlError(404, 'There is no such template.');
    const change = await read(call, templateRequest);
    if ('event' in change) {
      if (change.event === 'DELETED') world.templates.delete([template]);
      else world.templates.decide(template, change.event, change.reason);
    } else if ('quality' in change) world.templates.rate(template, change.quality);
    else if ('category' in change) world.templates.recategorise(template, change.category, change.noticeMs);
    else world.templates.pause(template);
    sendJson(call.response, 200, templateBody(template));
  },
  'POST /sandbox/media': async (world, { request, response, query }) => {
    const mimeType = request.headers['content-type'] ?? '';
    // As for JSON: a foreign page may post these three without being asked.
    if (/^(text\/plain|multipart\/form-data|application\/x-www-form-urlencoded)\b/i.test(mimeType) || mimeType === '') {
      throw new ControlError(415, 'content-type must be that of the file; text/plain is given as text/plain+file');
    }
    const phoneNumberId = number(world, query.get('phoneNumberId') ?? '').phoneNumberId;
    const bytes = await readBody(request, LARGEST_MEDIA_BYTES);
    const fileName = query.get('fileName');
    const media = world.media.add(
      { phoneNumberId, mimeType: mimeType.replace('+file', ''), bytes, ...(fileName !== null && { fileName }) },
      'received',
    );
    sendJson(response, 200, { id: media.id, mimeType: media.mimeType, sha256: media.sha256 });
  },
  'GET /sandbox/media/*': ({ media }, { response }, id) => {
    const found = media.get(id);
    if (!found) throw new ControlError(404, 'There is no such media.');
    response
      .writeHead(200, {
        'content-type': found.mimeType,
        'content-length': found.bytes.length,
        // What an id stands for never changes.
        'cache-control': 'private, max-age=3600, immutable',
        'x-content-type-options': 'nosniff',
        // A file of a business is shown, not run: no scripts, no access to this page.
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      })
      .end(found.bytes);
  },
  'GET /sandbox/events': ({ live }, { response }) => live.add(response),
};

/** @returns false for paths that are not here. */
export async function answerControl(world: World, call: Call): Promise<boolean> {
  const { method, path, response } = call;
  if (method === 'GET' && path.startsWith('/health/')) {
    sendJson(response, 200, { status: 'ready' });
    return true;
  }
  if (answerPage(call)) return true;
  const exact = `${method} ${path}`;
  const parent = path.slice(0, path.lastIndexOf('/'));
  const withParameter = `${method} ${parent}/*`;
  const handler = Object.hasOwn(ROUTES, exact)
    ? ROUTES[exact]
    : Object.hasOwn(ROUTES, withParameter)
      ? ROUTES[withParameter]
      : undefined;
  if (!handler) return false;
  try {
    await handler(world, call, decodeURIComponent(path.slice(parent.length + 1)));
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    const { status, message, problems } = error;
    sendJson(response, status, { error: message, ...(problems.length > 0 && { problems }) });
  }
  return true;
}

async function jsonOf(call: Call): Promise<unknown> {
  return read(call, z.unknown());
}

function clockBody({ time }: World): object {
  return { now: time.now().toISOString(), isFrozen: time.isFrozen };
}

async function changePhone(world: World, call: Call, bsuid: string): Promise<void> {
  const person = world.network.find({ bsuid });
  if (!person) throw new ControlError(404, 'There is no such phone.');
  const { phone, ...changes } = await read(call, phoneRequest);
  const wasOnline = person.isOnline;
  const stopped = person.stoppedMarketing;
  Object.assign(person, changes);
  const pairs = world.network.pairsOf(person.bsuid);
  if (!wasOnline && person.isOnline) {
    for (const { number: own } of pairs) arrive(world, own, person.bsuid, person.readsAtOnce && !person.hidesReading);
  }
  if (stopped !== person.stoppedMarketing) {
    for (const { number: own } of pairs) {
      const value = SAMPLES['user_preferences']!.value(own, world.time.now(), person);
      void world.webhooks.emit(envelope(own, value, 'user_preferences'));
    }
  }
  if (phone !== undefined) {
    const { previousBsuid, previousParentBsuid, previousPhone } = world.network.changeNumber(
      person,
      phone.replace('+', ''),
    );
    const now = world.time.now();
    for (const { number: own } of world.network.pairsOf(person.bsuid)) {
      const message = {
        ...(previousPhone !== undefined && !person.hidesPhone && { from: previousPhone }),
        from_user_id: previousBsuid,
        ...(previousParentBsuid !== undefined && { from_parent_user_id: previousParentBsuid }),
        id: `wamid.SYSTEM${now.getTime()}${own.phoneNumberId}`,
        timestamp: String(Math.floor(now.getTime() / 1_000)),
        type: 'system',
        system: {
          body: `User ${person.name ?? ''} changed from ${previousPhone ?? ''} to ${person.phone ?? ''}`,
          ...(!person.hidesPhone && { wa_id: person.phone }),
          user_id: person.bsuid,
          previous_user_id: previousBsuid,
          ...(previousParentBsuid !== undefined && {
            parent_user_id: person.parentBsuid,
            previous_parent_user_id: previousParentBsuid,
          }),
          type: person.hidesPhone ? 'user_changed_user_id' : 'user_changed_number',
        },
      };
      // System messages have no contacts (whatsapp.md §A5).
      void world.webhooks.emit(envelope(own, { messages: [message] }));
    }
  }
  world.live.publish('phone', phoneBody(person));
  sendJson(call.response, 200, phoneBody(person));
}

async function changeNumber(world: World, call: Call, id: string): Promise<void> {
  const own = number(world, id);
  const { tier, throughput, quality, nameStatus, ...rest } = await read(call, numberRequest);
  const oldTier = own.tier;
  Object.assign(own, rest, {
    ...(tier && { tier }),
    ...(throughput && { throughput }),
    ...(quality && { quality }),
    ...(nameStatus && { nameStatus }),
  });
  const emit = (field: string, value: object) =>
    void world.webhooks.emit(accountBody(own.wabaId, field, value, world.time.now()));
  const displayed = { display_phone_number: own.displayPhoneNumber };
  if (throughput === 'HIGH' || (tier && tier !== oldTier)) {
    emit('phone_number_quality_update', {
      ...displayed,
      event: throughput === 'HIGH' ? 'THROUGHPUT_UPGRADE' : 'ONBOARDING',
      max_daily_conversations_per_business: own.tier,
      current_limit: own.tier,
      old_limit: oldTier,
    });
  }
  if (tier && tier !== oldTier) {
    emit('business_capability_update', {
      max_daily_conversations_per_business: tier,
      max_phone_numbers_per_waba: 25,
      max_phone_numbers_per_business: 20,
    });
  }
  if (nameStatus === 'APPROVED' || nameStatus === 'DECLINED') {
    emit('phone_number_name_update', {
      ...displayed,
      decision: nameStatus === 'APPROVED' ? 'APPROVED' : 'REJECTED',
      requested_verified_name: own.verifiedName,
      rejection_reason: nameStatus === 'APPROVED' ? 'NONE' : 'NAME_EMPLOYEE_ISSUE',
    });
  }
  world.live.publish('numbers', undefined);
  sendJson(
    call.response,
    200,
    overview(world).numbers.find((each) => each.phoneNumberId === id),
  );
}
