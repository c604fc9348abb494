import { sendJson } from '@fenster/runtime';
import type { Call } from '../http/http.js';
import { refusalOf } from '../scenarios.js';
import type { World } from '../world.js';
import { knowsToken, myAccount, myNumber, tokenOf, type GraphContext } from './context.js';
import { badToken, graphErrorBody, GraphRefusal, refuse, unknownObject, unknownPath } from './graph-error.js';
import { deleteMedia, describeMedia, downloadMedia, myMedia, uploadMedia } from './media.routes.js';
import { sendMessage } from './messages.routes.js';
import {
  changeNumber,
  changeProfile,
  deregisterNumber,
  describeAccount,
  describeNumber,
  describeProfile,
  describeSettings,
  listNumbers,
  registerNumber,
} from './numbers.routes.js';
import {
  changeSubscription,
  deleteSubscription,
  listSubscribedApps,
  listSubscriptions,
  subscribe,
  unsubscribe,
} from './subscriptions.routes.js';
import {
  createTemplate,
  deleteTemplates,
  describeTemplate,
  editTemplate,
  listTemplates,
  myTemplate,
} from './templates.routes.js';
import { continueUpload, describeUpload, startUpload } from './uploads.routes.js';

const VERSIONED = /^\/(v\d{1,3}\.\d)\/(upload:[A-Za-z0-9_-]{1,64}|[^/]{1,64})(?:\/([a-z_]{1,40}))?\/?$/;
const DOWNLOAD = /^\/whatsapp_business\/attachments\/?$/;

type Handler = (context: GraphContext, id: string) => void | Promise<void>;

/** `METHOD edge` of a node. */
const EDGES: Record<string, Handler> = {
  'POST messages': (context, id) => sendMessage(context, id),
  'POST marketing_messages': (context, id) => sendMessage(context, id, true),
  'POST media': uploadMedia,
  'GET message_templates': listTemplates,
  'POST message_templates': createTemplate,
  'DELETE message_templates': deleteTemplates,
  'GET phone_numbers': listNumbers,
  'GET whatsapp_business_profile': describeProfile,
  'POST whatsapp_business_profile': changeProfile,
  'GET settings': describeSettings,
  'POST register': registerNumber,
  'POST deregister': deregisterNumber,
  'GET subscribed_apps': listSubscribedApps,
  'POST subscribed_apps': subscribe,
  'DELETE subscribed_apps': unsubscribe,
};
/** Edges of the app. */
const APP_EDGES: Record<string, Handler> = {
  'GET subscriptions': listSubscriptions,
  'POST subscriptions': changeSubscription,
  'DELETE subscriptions': deleteSubscription,
  'POST uploads': startUpload,
};

/** @returns false for paths that are none of the Graph API's. */
export async function answerGraph(world: World, call: Call): Promise<boolean> {
  const { path } = call;
  const isDownload = DOWNLOAD.test(path);
  if (!isDownload && !/^\/v\d/.test(path)) return false;
  try {
    const context: GraphContext = { ...call, world, token: tokenOf(call) ?? '', version: '' };
    if (!knowsToken(world, context.token)) refuse(badToken);
    const blocked = world.scenarios.use('refuse', {}, ({ everyCall }) => everyCall === true);
    if (blocked) refuse(refusalOf(blocked));
    if (isDownload) downloadMedia(context);
    else await route(context);
  } catch (error) {
    if (!(error instanceof GraphRefusal)) throw error;
    sendJson(call.response, error.error.status, graphErrorBody(error.error));
  }
  return true;
}

async function route(context: GraphContext): Promise<void> {
  const { method, path, world } = context;
  const [, version, id, edge] = VERSIONED.exec(path) ?? [];
  if (version === undefined || id === undefined) return refuse(unknownPath());
  context.version = version;
  if (id.startsWith('upload:') && edge === undefined) {
    if (method === 'POST') return continueUpload(context, id);
    if (method === 'GET') return describeUpload(context, id);
  }
  if (edge === undefined) return routeNode(context, id);
  const handlers = id === world.numbers.app.id ? APP_EDGES : EDGES;
  const name = `${method} ${edge}`;
  const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
  if (handler) return handler(context, id);
  refuse(unknownPath());
}

async function routeNode(context: GraphContext, id: string): Promise<void> {
  const { method, world } = context;
  if (world.numbers.get(id)) {
    const number = myNumber(context, id);
    if (method === 'GET') return describeNumber(context, number);
    if (method === 'POST') return changeNumber(context, number);
  }
  if (world.numbers.account(id) && method === 'GET') return describeAccount(context, myAccount(context, id));
  const media = myMedia(context, id);
  if (media && method === 'GET') return describeMedia(context, media);
  if (media && method === 'DELETE') return deleteMedia(context, media);
  const template = myTemplate(context, id);
  if (template && method === 'GET') return describeTemplate(context, template);
  if (template && method === 'POST') return editTemplate(context, template);
  refuse(unknownObject(id, method.toLowerCase()));
}
