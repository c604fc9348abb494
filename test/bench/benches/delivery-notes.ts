import type { DeliveryResult } from '../load/latency.load.js';

/** What a rate or a latency alone does not show. */
export function deliveryNotes(result: DeliveryResult): string[] {
  const { lost, duplicated, reordered, incomplete, refused } = result;
  const notes: [number, string][] = [
    [lost, `${lost} deliveries never came, or not while anybody waited`],
    [duplicated, `${duplicated} deliveries came twice`],
    [reordered, `${reordered} deliveries came after a later one of their customer`],
    [incomplete, `${incomplete} frames lacked a field of another service`],
    [refused, `${refused} webhooks were not answered 200`],
  ];
  return notes.filter(([count]) => count > 0).map(([, note]) => note);
}
