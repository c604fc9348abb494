import { sendJson } from '@fenster/runtime';
import { readJson } from '../http/http.js';
import type { Sent } from '../network.js';
import type { PhoneNumber } from '../numbers.js';
import { isObject, textOf } from '../rules/json.js';
import { kindOf } from '../rules/media-limits.js';
import type { MessageCategory } from '../rules/pricing.js';
import { fillTemplate, type FilledTemplate } from '../rules/template-fill.js';
import { refusalOf, type ScenarioSettings } from '../scenarios.js';
import { followUp, followUpAtOnce } from '../statuses.js';
import type { Template } from '../templates.js';
import { callingCodeOf } from '../webhook-body.js';
import { myNumber, type GraphContext } from './context.js';
import { badToken, graphError, invalidParameter, isGraphError, refuse, type GraphError } from './graph-error.js';
import { mediaIdsOf, readGraphCall, type MessageCall, type ReadCall } from './message-call.js';

const DAY_MS = 24 * 3_600_000;
const DEFAULT_TTL_MS = 30 * DAY_MS;
const AUTHENTICATION_TTL_MS = 10 * 60_000;
const SLOW_MS = 30_000;
const LATE_MS = 3_600_000;
const TYPING_MS = 25_000;

const overloaded: GraphError = graphError(131016, 'The sandbox holds too many undelivered webhooks.');

/** `POST /{number}/messages`, and `/{number}/marketing_messages` */
export async function sendMessage(context: GraphContext, numberId: string, isMarketingApi = false): Promise<void> {
  const { world, request, response } = context;
  const number = myNumber(context, numberId);
  if (world.sender.isFull()) refuse(overloaded);
  const call = readGraphCall(await readJson(request), callingCodeOf(number.displayPhoneNumber));
  if ('code' in call) return refuse(call);
  if (number.status !== 'CONNECTED') refuse(graphError(133010));
  if (call.kind === 'read') return markRead(context, number, call);

  const subject = {
    phoneNumberId: number.phoneNumberId,
    to: subjectNames(context, call),
    type: call.type,
  };
  const transport = world.scenarios.use('response', subject);
  if (transport?.effect.how === 'reset') return void request.socket.resetAndDestroy();
  if (transport?.effect.how === 'unreadable') {
    return void response.writeHead(502, { 'content-type': 'text/html' }).end('<html><body>Bad Gateway</body></html>');
  }
  const failure = world.scenarios.use('refuse', subject);
  const via = failure && (failure.via ?? failure.effect.via);
  if (failure && via === 'response') refuse(refusalOf(failure));

  const sent = accept(context, number, call, {
    isMarketingApi,
    fails: failure !== undefined,
    statuses: world.scenarios.use('statuses', subject),
  });
  const error = failure ? refusalOf(failure) : sent.failure;
  if (failure && via === 'both') {
    followUp(world, number, sent, error);
    refuse(refusalOf(failure));
  }
  const answer = () => {
    const { person, wasSentToPhone } = sent.message;
    sendJson(response, 200, {
      messaging_product: 'whatsapp',
      contacts: [{ input: call.input, ...(wasSentToPhone ? { wa_id: person.phone } : { user_id: person.bsuid }) }],
      messages: [{ id: sent.message.wamid, ...(call.type === 'template' && { message_status: 'accepted' }) }],
    });
  };
  switch (transport?.effect.how) {
    case 'lost':
      followUp(world, number, sent, error);
      request.socket.destroy();
      return;
    case 'slow':
      followUp(world, number, sent, error);
      world.time.schedule(transport.delayMs ?? SLOW_MS, answer);
      return;
    case 'after_statuses':
      await followUpAtOnce(world, number, sent, error);
      answer();
      return;
    default:
      answer();
      followUp(world, number, sent, error);
  }
}

/** How a scenario may name the person: by phone or by user id, whichever the call has. */
function subjectNames({ world }: GraphContext, { to }: MessageCall): (string | undefined)[] {
  const known = world.network.find(to);
  return ['phone' in to ? to.phone : undefined, 'bsuid' in to ? to.bsuid : undefined, known?.phone, known?.bsuid];
}

interface AcceptOptions {
  isMarketingApi: boolean;
  fails: boolean;
  statuses: (ScenarioSettings & { effect: { order: Sent['plan']['order'] } }) | undefined;
}

function accept(
  context: GraphContext,
  number: PhoneNumber,
  call: MessageCall,
  { isMarketingApi, fails, statuses }: AcceptOptions,
): Sent & { failure?: GraphError } {
  const { world } = context;
  const account = world.numbers.account(number.wabaId) ?? refuse(badToken);
  if ('phone' in call.to && call.to.phone === number.displayPhoneNumber) refuse(graphError(131021));
  checkMedia(context, number, call);
  const template = call.type === 'template' ? findTemplate(context, number, call) : undefined;
  if (isMarketingApi && template?.template.category !== 'MARKETING') {
    refuse(invalidParameter('Only marketing templates are sent by /marketing_messages.'));
  }
  const person = world.network.find(call.to);
  const category = (template?.template.category.toLowerCase() ?? 'service') as MessageCategory;
  if (category === 'authentication' && 'bsuid' in call.to) refuse(graphError(131062));
  // Meta finds these out after it has accepted the message.
  const failure =
    category === 'marketing' && person?.stoppedMarketing
      ? graphError(131050)
      : category === 'marketing' && isInUnitedStates(call)
        ? graphError(131049)
        : undefined;
  const sent = world.network.accept({
    number,
    account,
    call,
    category,
    ...(template && { template: template.filled }),
    timeToLiveMs: timeToLive(template?.template),
    plan: {
      delays: world.config.delays,
      fails: fails || failure !== undefined,
      order: statuses?.effect.order ?? 'in_order',
      lateByMs: statuses?.delayMs ?? LATE_MS,
    },
  });
  if (isGraphError(sent)) return refuse(sent);
  if (isMarketingApi && sent.message.pricing) sent.message.pricing.category = 'marketing_lite';
  return { ...sent, ...(failure && { failure }) };
}

/** Not delivered there since 2025-04-01. The sandbox does not tell area codes of the United States from Canada's. */
function isInUnitedStates({ to }: MessageCall): boolean {
  return 'phone' in to && to.phone.startsWith('1');
}

function timeToLive(template: Template | undefined): number {
  if (template?.timeToLiveSeconds !== undefined) return template.timeToLiveSeconds * 1_000;
  return template?.category === 'AUTHENTICATION' ? AUTHENTICATION_TTL_MS : DEFAULT_TTL_MS;
}

function checkMedia({ world }: GraphContext, number: PhoneNumber, call: MessageCall): void {
  for (const { kind, id } of mediaIdsOf(call)) {
    const media = world.media.get(id);
    if (!media || media.phoneNumberId !== number.phoneNumberId) {
      refuse(invalidParameter(`Media id ${id} does not exist, has expired or belongs to another number.`));
    }
    if (kindOf(media.mimeType) !== kind) refuse(invalidParameter(`Media id ${id} is not of type ${kind}.`));
  }
}

function findTemplate(
  { world }: GraphContext,
  number: PhoneNumber,
  call: MessageCall,
): { template: Template; filled: FilledTemplate } {
  const content = isObject(call.content) ? call.content : {};
  const language = isObject(content['language']) ? (textOf(content['language']['code']) ?? '') : '';
  const template = world.templates.find(number.wabaId, textOf(content['name']) ?? '', language);
  if (
    !template ||
    ['PENDING', 'REJECTED', 'IN_APPEAL', 'DELETED', 'ARCHIVED', 'LIMIT_EXCEEDED'].includes(template.status)
  ) {
    return refuse(graphError(132001));
  }
  if (template.status === 'PAUSED') refuse(graphError(132015));
  if (template.status === 'DISABLED') refuse(graphError(132016));
  const filled = fillTemplate(template, content['components']);
  return isGraphError(filled) ? refuse(filled) : { template, filled };
}

function markRead({ world, response }: GraphContext, number: PhoneNumber, { messageId, isTyping }: ReadCall): void {
  const message = world.network.message(messageId);
  if (message && message.phoneNumberId === number.phoneNumberId) {
    // Marks the earlier ones too.
    for (const earlier of world.network.pair(number, message.bsuid).chat) {
      if (earlier.from !== 'customer' || earlier.at > message.at || earlier.status === 'read') continue;
      earlier.status = 'read';
      world.live.publish('message', earlier);
    }
    const typing = { phoneNumberId: number.phoneNumberId, bsuid: message.bsuid };
    if (isTyping) world.live.publish('typing', { ...typing, forMs: TYPING_MS });
  }
  sendJson(response, 200, { success: true });
}
