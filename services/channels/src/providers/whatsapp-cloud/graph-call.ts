import { isObject, parseJson, storableText, type JsonObject } from '../json.js';
import type { ExchangeOptions } from '../exchange.js';
import { callHttp } from '../http-call.js';
import type { ProviderAnswer } from '../provider.js';
import { classifyHttpStatus, WRONG_ADDRESS, WRONG_CREDENTIALS } from '../rejection.js';
import { graphUrl, type GraphAccess } from './graph-access.js';
import { classifyError } from './send-errors.js';

export interface GraphCall {
  method: 'GET' | 'POST' | 'DELETE';
  /** With the version, where there is one. */
  path: readonly string[];
  query?: Record<string, string>;
  body?: object;
}

const MAX_DEPTH = 16;

/** One call that may be repeated without harm, so that a lost answer needs no name of its own. Never rejects. */
export async function callGraph(
  { method, path, query, body }: GraphCall,
  access: GraphAccess,
  options: ExchangeOptions,
): Promise<ProviderAnswer<JsonObject>> {
  let url: URL;
  try {
    url = graphUrl(access, path, query);
  } catch {
    return { kind: 'refused', ...WRONG_ADDRESS };
  }
  const answer = await callHttp(
    {
      method,
      url,
      headers: { ...access.headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    },
    options,
  );
  switch (answer.kind) {
    case 'answered':
      return answerOf(answer.status, answer.body);
    case 'impossible':
      return { kind: 'refused', ...WRONG_CREDENTIALS };
    case 'unreachable':
      return answer;
  }
}

const MAX_EXPLANATION = 1_000;

function refusalOf(error: JsonObject, code: number): ProviderAnswer<never> {
  const { error_user_msg: words, error_user_title: title, error_data: data, error_subcode: subcode } = error;
  return {
    kind: 'refused',
    ...classifyError(code, error.is_transient === true),
    ...explanationOf(words ?? title ?? (isObject(data) ? data.details : undefined)),
    ...(Number.isSafeInteger(subcode) && { subcode: subcode as number }),
  };
}

function explanationOf(words: unknown): { explanation?: string } {
  return typeof words === 'string' ? { explanation: storableText(words, MAX_EXPLANATION) } : {};
}

/** What an answer says. */
export function answerOf(status: number, raw: Buffer): ProviderAnswer<JsonObject> {
  const parsed = parseJson(raw, { maxDepth: MAX_DEPTH });
  const body: JsonObject = parsed.ok ? parsed.value : {};
  // Partners answer in words of their own what they do not even ask Meta.
  const { error, meta } = body;
  if (isObject(error) && Number.isSafeInteger(error.code)) {
    return refusalOf(error, error.code as number);
  }
  if (status >= 500) return { kind: 'unreachable', reason: `HTTP ${status}` };
  if (status < 200 || status >= 300) {
    const words = isObject(meta) ? meta.developer_message : undefined;
    return { kind: 'refused', ...classifyHttpStatus(status), ...explanationOf(words) };
  }
  return parsed.ok ? { kind: 'answered', value: body } : { kind: 'unreachable', reason: 'answer is no JSON' };
}
