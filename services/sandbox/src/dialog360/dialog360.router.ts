import { sendJson } from '@fenster/runtime';
import { graphErrorBody, GraphRefusal, parameterError, refuse, unknownPath } from '../graph/graph-error.js';
import type { GraphContext } from '../graph/context.js';
import { describeMedia, deleteMedia, downloadMedia, myMedia, uploadMedia } from '../graph/media.routes.js';
import { sendMessage } from '../graph/messages.routes.js';
import { changeProfile, describeProfile } from '../graph/numbers.routes.js';
import { createTemplate } from '../graph/templates.routes.js';
import { continueUpload, startUpload } from '../graph/uploads.routes.js';
import { readJson, type Call } from '../http/http.js';
import type { PhoneNumber } from '../numbers.js';
import { isObject } from '../rules/json.js';
import type { World } from '../world.js';
import { deleteDialog360Templates, listDialog360Templates } from './dialog360-templates.js';

type Handler = (context: GraphContext, number: PhoneNumber) => void | Promise<void>;

/** 360dialog's paths name no number, for the key does; what they do is what Meta's do. */
const ROUTES: Record<string, Handler> = {
  'POST /messages': (context, { phoneNumberId }) => sendMessage(context, phoneNumberId),
  'POST /media': (context, { phoneNumberId }) => uploadMedia(context, phoneNumberId),
  'GET /whatsapp_business_profile': (context, { phoneNumberId }) => describeProfile(context, phoneNumberId),
  'POST /whatsapp_business_profile': (context, { phoneNumberId }) => changeProfile(context, phoneNumberId),
  'GET /whatsapp_business/attachments/': (context) => downloadMedia(context),
  'GET /v1/configs/webhook': describeWebhook,
  'POST /v1/configs/webhook': changeWebhook,
  'GET /v1/configs/templates': listDialog360Templates,
  'POST /v1/configs/templates': (context, { wabaId }) => createTemplate(context, wabaId),
  'POST /uploads': (context) => startUpload(context),
};

/** @returns false for calls without a key of 360dialog. */
export async function answerDialog360(world: World, call: Call): Promise<boolean> {
  const { method, path, request, response } = call;
  const key = request.headers['d360-api-key'];
  if (key === undefined) return false;
  const number = world.numbers.all().find(({ dialog360 }) => dialog360 !== undefined && dialog360.apiKey === key);
  if (!number) {
    sendJson(response, 401, { meta: { success: false, http_code: 401, developer_message: 'Invalid api key' } });
    return true;
  }
  try {
    const context: GraphContext = { ...call, world, token: number.accessToken, version: '' };
    const name = `${method} ${path}`;
    if (Object.hasOwn(ROUTES, name)) await ROUTES[name]!(context, number);
    else await routeNamed(context, number);
  } catch (error) {
    if (!(error instanceof GraphRefusal)) throw error;
    sendJson(response, error.error.status, graphErrorBody(error.error));
  }
  return true;
}

const TEMPLATE = /^\/v1\/configs\/templates\/([^/]+)$/;

async function routeNamed(context: GraphContext, number: PhoneNumber): Promise<void> {
  const { method, path } = context;
  const [, template] = TEMPLATE.exec(path) ?? [];
  if (template !== undefined && method === 'DELETE') {
    return deleteDialog360Templates(context, number, decodeURIComponent(template));
  }
  const id = path.slice(1);
  if (id.startsWith('upload:') && method === 'POST') return continueUpload(context, id);
  const media = myMedia(context, id);
  if (media && method === 'GET') return describeMedia(context, media);
  if (media && method === 'DELETE') return deleteMedia(context, media);
  refuse(unknownPath());
}

function describeWebhook({ response }: GraphContext, { override }: PhoneNumber): void {
  sendJson(response, 200, { url: override?.url ?? null, headers: override?.headers ?? {} });
}

async function changeWebhook({ request, response }: GraphContext, number: PhoneNumber): Promise<void> {
  const body = await readJson(request);
  const { url, headers = {} } = isObject(body) ? body : {};
  if (typeof url !== 'string' || !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) {
    return refuse(parameterError('The parameter url must be an address.'));
  }
  if (!isObject(headers) || !Object.values(headers).every((value) => typeof value === 'string')) {
    return refuse(parameterError('The parameter headers must be an object of texts.'));
  }
  number.override = { url, headers: headers as Record<string, string> };
  sendJson(response, 200, { url, headers });
}
