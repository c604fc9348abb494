import { decodeCursor, encodeCursor } from '@fenster/graphql/cursor';
import type { SourceEvent } from '../engine/engine.js';
import type { FormatResult } from '../operation/results.js';
import { AUDIENCE_ALIAS, CURSOR_ALIAS, TYPE_ALIAS, type SubscriptionPlan } from '../operation/subscription-plan.js';
import type { LaneEvent } from './lane.js';
import type { Audience } from './ring.js';

/**
 * From an executed event to the bytes that all its recipients share. Each subgraph has markers of its own: types whose
 * names end in `LiveStarted` and `ReplayGap`.
 */
export function toLaneEvent(plan: SubscriptionPlan, { source, result }: SourceEvent, format: FormatResult): LaneEvent {
  const text = JSON.stringify(format(result));
  const cursor = source?.[CURSOR_ALIAS];
  if (plan.isState) return { kind: 'state', bytes: Buffer.from(text) };
  if (!plan.isResumable || typeof cursor !== 'string') return { kind: 'unnumbered', bytes: Buffer.from(text) };
  const position = decodeCursor(cursor);
  const type = String(source?.[TYPE_ALIAS]);
  if (type.endsWith('LiveStarted')) return { kind: 'live', position, bytesAt: markerAt(text, cursor) };
  if (type.endsWith('ReplayGap')) return { kind: 'gap', position, bytes: Buffer.from(text) };
  return { kind: 'event', position, bytes: Buffer.from(text), audience: audienceOf(source?.[AUDIENCE_ALIAS]) };
}

/** Ids of members; or, with a minus sign before each, of all who are not of it. */
function audienceOf(members: unknown): Audience | undefined {
  if (!Array.isArray(members)) return undefined;
  const ids = members as string[];
  const others = new Set(ids.flatMap((id) => (id.startsWith('-') ? [id.slice(1)] : [])));
  return others.size > 0 ? { has: (id) => !others.has(id) } : new Set(ids);
}

/** The marker has no field but its cursor, under whatever names the client chose. */
function markerAt(text: string, cursor: string): (position: number) => Buffer {
  let made: { position: number; bytes: Buffer } | undefined;
  return (position) => {
    if (made?.position !== position) {
      made = {
        position,
        bytes: Buffer.from(text.replaceAll(JSON.stringify(cursor), JSON.stringify(encodeCursor(position)))),
      };
    }
    return made.bytes;
  };
}
