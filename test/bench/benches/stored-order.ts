import type { Verdict } from '../harness/bench.js';

/** A stored message: whose it is, and its provider's id. In the order that the conversation shows. */
export interface StoredRow {
  phone: string;
  wamid: string;
}

export interface Posted {
  run: string;
  /** By customer: the highest number posted. */
  sent: ArrayLike<number>;
  /** By customer: numbers without an answer 200, which may be there or not. */
  unacked: ReadonlyMap<number, readonly number[]>;
}

/** Compares what was acknowledged with what is stored. Rows of other runs are passed over. */
export function judge({ run, sent, unacked }: Posted, rows: Iterable<StoredRow>): Verdict {
  const stored = Array.from({ length: sent.length }, () => new Set<number>());
  const last = new Int32Array(sent.length);
  let duplicated = 0;
  let reordered = 0;
  const prefix = `wamid.${run}.`;
  for (const { wamid } of rows) {
    if (!wamid.startsWith(prefix)) continue;
    const [customer, number] = wamid.slice(prefix.length).split('.').map(Number) as [number, number];
    if (stored[customer]!.has(number)) duplicated += 1;
    stored[customer]!.add(number);
    if (number < last[customer]!) reordered += 1;
    else last[customer] = number;
  }
  let lost = 0;
  for (let customer = 0; customer < sent.length; customer++) {
    const unknown = new Set(unacked.get(customer));
    for (let number = 1; number <= sent[customer]!; number++) {
      if (!stored[customer]!.has(number) && !unknown.has(number)) lost += 1;
    }
  }
  return { lost, duplicated, reordered };
}
