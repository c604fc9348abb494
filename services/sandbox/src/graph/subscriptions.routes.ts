import { randomInt, timingSafeEqual } from 'node:crypto';
import { sendJson } from '@fenster/runtime';
import { request as httpRequest } from 'undici';
import { readForm, readJson } from '../http/http.js';
import type { CallbackOverride } from '../numbers.js';
import { isObject, textOf } from '../rules/json.js';
import { myAccount, type GraphContext } from './context.js';
import { badToken, parameterError, refuse } from './graph-error.js';

const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * The handshake (whatsapp.md §A1): whoever gets webhooks has to know the token and to return the challenge.
 * @throws GraphRefusal (2200) for whoever does not.
 */
export async function confirmCallback(
  { world }: Pick<GraphContext, 'world'>,
  url: string,
  verifyToken: string,
): Promise<CallbackOverride> {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    refuse(parameterError('The callback URL is not valid.'));
  }
  const challenge = String(randomInt(1e8, 1e9));
  const target = new URL(url);
  target.searchParams.set('hub.mode', 'subscribe');
  target.searchParams.set('hub.challenge', challenge);
  target.searchParams.set('hub.verify_token', verifyToken);
  const failed = (why: string) =>
    refuse({
      status: 400,
      code: 2200,
      message: `(#2200) Callback verification failed with the following errors: ${why}`,
    });
  try {
    const { statusCode, body } = await httpRequest(target, {
      dispatcher: world.dispatcher,
      headersTimeout: HANDSHAKE_TIMEOUT_MS,
      bodyTimeout: HANDSHAKE_TIMEOUT_MS,
    });
    const answer = (await body.text()).trim();
    if (statusCode !== 200) return failed(`HTTP Status Code = ${statusCode}`);
    if (answer !== challenge) return failed('HTTP Response does not match challenge');
  } catch (error) {
    if (error instanceof Error && error.name === 'GraphRefusal') throw error;
    return failed('The URL could not be reached');
  }
  return { url, verifyToken };
}

/** `GET /{waba}/subscribed_apps` */
export function listSubscribedApps(context: GraphContext, wabaId: string): void {
  const account = myAccount(context, wabaId);
  sendJson(context.response, 200, { data: account.isSubscribed ? [subscribedApp(context, account.override)] : [] });
}

/** `POST /{waba}/subscribed_apps` */
export async function subscribe(context: GraphContext, wabaId: string): Promise<void> {
  const account = myAccount(context, wabaId);
  const body = (await readJson(context.request)) ?? {};
  const uri = isObject(body) ? textOf(body['override_callback_uri']) : undefined;
  if (uri === undefined) delete account.override;
  else {
    const token = isObject(body) ? textOf(body['verify_token']) : undefined;
    account.override = await confirmCallback(
      context,
      uri,
      token ?? refuse(parameterError('verify_token is required.')),
    );
  }
  account.isSubscribed = true;
  sendJson(context.response, 200, { success: true });
}

/** `DELETE /{waba}/subscribed_apps` */
export function unsubscribe(context: GraphContext, wabaId: string): void {
  const account = myAccount(context, wabaId);
  account.isSubscribed = false;
  delete account.override;
  sendJson(context.response, 200, { success: true });
}

function subscribedApp({ world }: GraphContext, override: CallbackOverride | undefined): object {
  const { id } = world.numbers.app;
  return {
    whatsapp_business_api_data: { id, link: `https://www.facebook.com/games/?app_id=${id}`, name: 'Sandbox' },
    ...(override && { override_callback_uri: override.url }),
  };
}

/** `GET /{app}/subscriptions` */
export function listSubscriptions(context: GraphContext): void {
  requireAppToken(context);
  const { app } = context.world.numbers;
  const fields = (app.fields ?? ['messages']).map((name) => ({ name, version: context.version }));
  const one = { object: 'whatsapp_business_account', callback_url: app.callbackUrl, active: true, fields };
  sendJson(context.response, 200, { data: app.callbackUrl === undefined ? [] : [one] });
}

/** `POST /{app}/subscriptions`: where the app gets its webhooks, and which. */
export async function changeSubscription(context: GraphContext): Promise<void> {
  requireAppToken(context);
  const { request, response, query, world } = context;
  const isForm = /multipart|urlencoded/.test(request.headers['content-type'] ?? '');
  const body = isForm ? undefined : await readJson(request);
  const form = isForm ? await readForm(request, 65_536) : undefined;
  // Meta takes the parameters from the query, a form or JSON.
  const parameter = (name: string): string | undefined => {
    const value = isObject(body) ? body[name] : form?.fields.get(name);
    return (Array.isArray(value) ? value.join(',') : textOf(value)) ?? query.get(name) ?? undefined;
  };
  if (parameter('object') !== 'whatsapp_business_account') {
    refuse(parameterError('Param object must be whatsapp_business_account.'));
  }
  const url = parameter('callback_url') ?? refuse(parameterError('The parameter callback_url is required.'));
  const confirmed = await confirmCallback(context, url, parameter('verify_token') ?? '');
  const fields = parameter('fields')
    ?.replaceAll(/[[\]"\s]/g, '')
    .split(',')
    .filter(Boolean);
  world.numbers.app.callbackUrl = confirmed.url;
  world.numbers.app.verifyToken = confirmed.verifyToken;
  if (fields) world.numbers.app.fields = fields;
  sendJson(response, 200, { success: true });
}

/** `DELETE /{app}/subscriptions` */
export function deleteSubscription(context: GraphContext): void {
  requireAppToken(context);
  delete context.world.numbers.app.callbackUrl;
  delete context.world.numbers.app.fields;
  sendJson(context.response, 200, { success: true });
}

function requireAppToken({ world, token }: GraphContext): void {
  const { app } = world.numbers;
  const expected = Buffer.from(`${app.id}|${app.secret}`);
  const given = Buffer.from(token);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) refuse(badToken);
}
