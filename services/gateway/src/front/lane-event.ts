import { decodeCursor, encodeCursor } from '@fenster/graphql/cursor';
import type { SourceEvent } from '../engine/engine.js';
import type { FormatResult } from '../operation/results.js';
import { AUDIENCE_ALIAS, CURSOR_ALIAS, TYPE_ALIAS, type SubscriptionPlan } from '../operation/subscription-plan.js';
import type { LaneEvent } from './lane.js';

/** From an executed event to the bytes that all its recipients share. */
export function toLaneEvent(plan: SubscriptionPlan, { source, result }: SourceEvent, format: FormatResult): LaneEvent {
  const text = JSON.stringify(format(result));
  const cursor = source?.[CURSOR_ALIAS];
  if (!plan.isResumable || typeof cursor !== 'string') return { kind: 'unnumbered', bytes: Buffer.from(text) };
  const position = decodeCursor(cursor);
  switch (source?.[TYPE_ALIAS]) {
    case 'LiveStarted':
      return { kind: 'live', position, bytesAt: markerAt(text, cursor) };
    case 'ReplayGap':
      return { kind: 'gap', position, bytes: Buffer.from(text) };
    default:
      return { kind: 'event', position, bytes: Buffer.from(text), audience: audienceOf(source?.[AUDIENCE_ALIAS]) };
  }
}

function audienceOf(members: unknown): ReadonlySet<string> | undefined {
  return Array.isArray(members) ? new Set(members as string[]) : undefined;
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
