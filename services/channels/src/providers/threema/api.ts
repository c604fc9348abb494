import { callHttp, urlBelow } from '../http-call.js';
import type { Rejection } from '../provider.js';
import { classifyHttpStatus, rejection, WRONG_ADDRESS, WRONG_CREDENTIALS } from '../rejection.js';
import type { ThreemaCredentials, ThreemaOptions } from './credentials.js';

export type ApiAnswer =
  | { kind: 'answered'; text: string }
  | { kind: 'unknown' }
  | { kind: 'unreachable'; reason: string }
  | ({ kind: 'refused' } & Rejection);

/** Asks for something that takes a line: a key, or what is left to pay with. */
export async function askThreema(
  path: readonly string[],
  { apiBaseUrl, gatewayId, apiSecret }: ThreemaCredentials,
  options: ThreemaOptions,
): Promise<ApiAnswer> {
  let url: URL;
  try {
    url = urlBelow(apiBaseUrl, path, { from: gatewayId, secret: apiSecret });
  } catch {
    return { kind: 'refused', ...WRONG_ADDRESS };
  }
  const timeoutMs = Math.min(options.timeoutMs, MAX_WAIT_MS);
  const answer = await callHttp({ method: 'GET', url, headers: {} }, { ...options, timeoutMs });
  if (answer.kind === 'impossible') return { kind: 'refused', ...WRONG_CREDENTIALS };
  if (answer.kind === 'unreachable') return answer;
  const { status, body } = answer;
  if (status === 200) return { kind: 'answered', text: body.toString('utf8').trim() };
  if (status === 404) return { kind: 'unknown' };
  if (status >= 500) return { kind: 'unreachable', reason: `HTTP ${status}` };
  return { kind: 'refused', ...classifyThreemaStatus(status) };
}

/** A callback waits meanwhile for its answer. */
const MAX_WAIT_MS = 5_000;

/** Threema's API has no codes but those of HTTP. */
export function classifyThreemaStatus(status: number): Rejection {
  if (status === 400) return rejection({ reason: 'recipient_not_reachable' });
  if (status === 402) return rejection({ reason: 'payment_problem' });
  if (status === 413) return rejection({ reason: 'malformed' });
  return classifyHttpStatus(status);
}
