import { z } from 'zod';
import { webhookError, graphError } from '../graph/graph-error.js';
import type { ChatMessage, Network, Someone } from '../network.js';
import type { PhoneNumber } from '../numbers.js';
import { isObject, textOf } from '../rules/json.js';
import { kindOf, LARGEST_MEDIA_BYTES } from '../rules/media-limits.js';
import { readAll } from '../statuses.js';
import { echoesBody, messagesBody, newWamid, unixSeconds } from '../webhook-body.js';
import type { World } from '../world.js';
import { phoneBody } from './views.js';

const ad = z.strictObject({
  sourceId: z.string().default('120210000000000001'),
  headline: z.string().default('Herbstaktion'),
  body: z.string().default('Schreiben Sie uns!'),
  sourceUrl: z.string().default('https://fb.me/sandbox-ad'),
  /** A free entry point opens on Android and iOS only. */
  device: z.enum(['phone', 'computer']).default('phone'),
});

export const PARENT_BSUID = z.string().regex(/^[A-Z]{2}\.ENT\.[A-Za-z0-9]{1,128}$/);

/** Body of `POST /sandbox/inbound`: a simulated phone writes. */
export const inboundRequest = z
  .strictObject({
    phoneNumberId: z.string(),
    from: z
      .strictObject({
        phone: z
          .string()
          .regex(/^\+?[1-9]\d{5,14}$/)
          .transform((phone) => phone.replace('+', ''))
          .optional(),
        bsuid: z
          .string()
          .regex(/^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}$/)
          .optional(),
        parentBsuid: PARENT_BSUID.optional(),
        username: z.string().min(1).max(64).optional(),
        name: z.string().min(1).max(256).optional(),
      })
      .refine((from) => from.phone !== undefined || from.bsuid !== undefined, { message: 'needs phone or bsuid' }),
    text: z.string().min(1).max(65_536).optional(),
    /** A message object of Meta's format. Its keys win, `id` and `timestamp` too: that makes repeated and late messages. */
    message: z.record(z.string(), z.unknown()).optional(),
    /** One that `POST /sandbox/media` has taken. */
    media: z
      .strictObject({ id: z.string(), caption: z.string().max(1_024).optional(), voice: z.boolean().optional() })
      .optional(),
    /** The message that this one answers. */
    replyTo: z.string().optional(),
    /** The person has just come by this ad. */
    ad: z.union([z.literal(true).transform(() => ad.parse({})), ad]).optional(),
    isForwarded: z.boolean().optional(),
    /** Written by the business in its phone app, to `from`. */
    echo: z.boolean().default(false),
    /** So many messages in one webhook, as Meta batches them. */
    count: z.number().int().min(1).max(1_000).default(1),
  })
  .refine((input) => [input.text, input.message, input.media].filter((each) => each !== undefined).length === 1, {
    message: 'needs one of text, message and media',
  });

export type InboundRequest = z.infer<typeof inboundRequest>;

export type InboundElement = { id: string; timestamp: string; type?: unknown } & Record<string, unknown>;

interface Answer {
  status: number;
  body: object;
}

/** `POST /sandbox/inbound` */
export async function answerInbound(world: World, json: unknown): Promise<Answer> {
  const parsed = inboundRequest.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`);
    return { status: 400, body: { error: 'bad request', problems } };
  }
  const input = parsed.data;
  const { network, numbers, time, webhooks } = world;
  const number = numbers.get(input.phoneNumberId);
  if (!number) return { status: 404, body: { error: 'phoneNumberId is not one of NUMBERS' } };
  if (world.sender.isFull()) return { status: 503, body: { error: 'too many undelivered webhooks' } };
  const content = contentOf(world, number, input);
  if (!content) return { status: 404, body: { error: 'There is no such media.' } };
  const { echo } = input;
  const isNew = network.find(input.from) === undefined;
  const person = network.meet(input.from);
  const messages = inboundMessages(input, content, time.now());
  const pair = network.pair(number, person.bsuid);
  // Whoever writes has the chat open.
  if (!echo && !person.hidesReading) readAll(world, number, person.bsuid);
  for (const message of messages) {
    const openedAt = echo ? undefined : windowOpenedAt(message);
    if (openedAt) {
      network.noteInbound(number, person, openedAt);
      if (input.ad?.device === 'phone') network.noteAdClick(number, person, openedAt);
    }
    // What comes twice is shown once, as every phone does.
    const isKnown = network.message(message.id) !== undefined;
    const view = isKnown ? undefined : viewOf(message, number, person, { echo });
    if (view) network.keep(pair, view);
    const changed = applyToTarget(network, message);
    if (changed) world.live.publish('message', changed);
    if (view) world.live.publish('message', view);
  }
  if (isNew) world.live.publish('phone', phoneBody(person));
  // A person known by BSUID alone writes without phone, though the sandbox may know it from before.
  const shown = input.from.phone === undefined || person.hidesPhone ? withoutPhone(person) : person;
  const told = messages.map((message) => withContext(message, network, number));
  const body = echo ? echoesBody(number, shown, told, time.now()) : messagesBody(number, shown, told, time.now());
  // Two ticks once the business has it, in whatever attempt.
  const webhookStatus = await webhooks.emit(body, () => {
    for (const { id } of messages) {
      const view = network.message(id);
      if (view?.status !== 'sent') continue;
      view.status = 'delivered';
      world.live.publish('message', view);
    }
  });
  return { status: 200, body: { wamids: messages.map((message) => message.id), webhookStatus: webhookStatus ?? null } };
}

function withoutPhone({ bsuid, parentBsuid, name, username }: Someone) {
  return {
    bsuid,
    ...(parentBsuid !== undefined && { parentBsuid }),
    ...(name !== undefined && { name }),
    ...(username !== undefined && { username }),
  };
}

function contentOf(world: World, number: PhoneNumber, input: InboundRequest): Record<string, unknown> | undefined {
  const { text, message, media, replyTo, isForwarded, ad: clicked } = input;
  const around = {
    ...(replyTo !== undefined && { context: { id: replyTo } }),
    ...(isForwarded && { context: { forwarded: true } }),
    ...(clicked && { referral: referralOf(clicked) }),
  };
  if (text !== undefined) return { ...around, type: 'text', text: { body: text } };
  if (message) return { ...around, ...message };
  const found = world.media.get(media?.id ?? '');
  if (!found) return undefined;
  // Meta passes nothing on that is larger (whatsapp.md §A6).
  if (found.bytes.length >= LARGEST_MEDIA_BYTES) {
    return { ...around, type: 'unsupported', errors: [webhookError(graphError(131052))] };
  }
  const kind = kindOf(found.mimeType) ?? (/^(image|video|audio)\//.exec(found.mimeType)?.[1] as 'image' | undefined);
  const type = kind ?? 'document';
  const file = {
    ...(type !== 'audio' && type !== 'sticker' && media?.caption !== undefined && { caption: media.caption }),
    mime_type: found.mimeType,
    sha256: found.sha256,
    id: found.id,
    url: `${world.url()}${world.media.linkTo(found)}`,
    ...(type === 'document' && { filename: found.fileName ?? 'Datei' }),
    ...(type === 'audio' && { voice: media?.voice ?? false }),
    ...(type === 'sticker' && { animated: false }),
  };
  return { ...around, type, [type]: file };
}

function referralOf({ sourceId, sourceUrl, headline, body }: z.infer<typeof ad>): object {
  return {
    source_url: sourceUrl,
    source_id: sourceId,
    source_type: 'ad',
    headline,
    body,
    media_type: 'image',
    image_url: 'https://scontent.xx.fbcdn.net/v/sandbox-ad.jpg',
    ctwa_clid: `ARsandbox${sourceId}`,
    welcome_message: { text: 'Hallo! Wie können wir helfen?' },
  };
}

export function inboundMessages(
  { count }: Pick<InboundRequest, 'count'>,
  content: Record<string, unknown>,
  now: Date,
): InboundElement[] {
  return Array.from({ length: count }, () => ({
    id: newWamid(),
    timestamp: unixSeconds(now),
    ...content,
  }));
}

/** `context` names who wrote the message that is answered. */
function withContext(message: InboundElement, network: Network, number: PhoneNumber): InboundElement {
  const { context } = message;
  if (!isObject(context) || typeof context['id'] !== 'string' || context['from'] !== undefined) return message;
  const target = network.message(context['id']);
  const person = target?.from === 'customer' ? network.find({ bsuid: target.bsuid }) : undefined;
  const from =
    target?.from === 'customer' ? (person?.hidesPhone ? undefined : person?.phone) : number.displayPhoneNumber;
  return { ...message, context: { ...(from !== undefined && { from }), id: context['id'] } };
}

const OPENS_NO_WINDOW: ReadonlySet<unknown> = new Set(['reaction', 'edit', 'revoke', 'system', 'unsupported']);

/** When the window-opening message was written, by its own timestamp; undefined for what opens none. */
export function windowOpenedAt({ type, timestamp }: InboundElement): Date | undefined {
  const seconds = Number(timestamp);
  return OPENS_NO_WINDOW.has(type) || !Number.isInteger(seconds) ? undefined : new Date(seconds * 1_000);
}

const NOT_A_BUBBLE: ReadonlySet<unknown> = new Set(['reaction', 'edit', 'revoke', 'system']);

function viewOf(
  message: InboundElement,
  { phoneNumberId }: PhoneNumber,
  { bsuid }: Someone,
  { echo }: { echo: boolean },
): ChatMessage | undefined {
  const type = textOf(message['type']) ?? 'unsupported';
  if (NOT_A_BUBBLE.has(type)) return undefined;
  const context = isObject(message['context']) ? message['context'] : undefined;
  return {
    wamid: message.id,
    phoneNumberId,
    bsuid,
    at: Number(message.timestamp) * 1_000,
    from: echo ? 'business_app' : 'customer',
    type,
    content: message[type],
    ...(typeof context?.['id'] === 'string' && { replyTo: context['id'] }),
    status: echo ? 'delivered' : 'sent',
    reactions: {},
  };
}

/** Reactions, edits and revocations change the message that they are about. */
function applyToTarget(network: Network, message: InboundElement): ChatMessage | undefined {
  const content = message[textOf(message['type']) ?? ''];
  if (!isObject(content)) return undefined;
  const target = network.message(textOf(content['message_id']) ?? textOf(content['original_message_id']) ?? '');
  if (!target) return undefined;
  switch (message['type']) {
    case 'reaction':
      target.reactions.customer = textOf(content['emoji']) ?? '';
      if (target.reactions.customer === '') delete target.reactions.customer;
      return target;
    case 'revoke':
      target.isRevoked = true;
      return target;
    case 'edit': {
      const edited = isObject(content['message']) ? content['message'] : {};
      const type = textOf(edited['type']) ?? target.type;
      target.type = type;
      target.content = edited[type];
      target.isEdited = true;
      return target;
    }
    default:
      return undefined;
  }
}
