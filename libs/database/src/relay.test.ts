import { describe, expect, it } from 'vitest';
import { toPublications } from './relay.js';

const row = (workspaceId: string, seq: number, name = 'a.b.happened') => ({
  workspaceId,
  seq,
  id: `${workspaceId}${seq}`,
  name,
  version: 1,
  envelope: '{"data":{}}',
});
const seqs = (data: Uint8Array) =>
  (JSON.parse(Buffer.from(data).toString()) as { seq: number }[]).map(({ seq }) => seq);

describe('packing events into messages', () => {
  it('given runs of one subject, then a run is one message and order within the workspace stays', () => {
    const publications = toPublications([row('w', 1), row('w', 2), row('w', 3, 'a.c.happened'), row('w', 4)]);
    expect(publications.map(({ subject, data }) => [subject, seqs(data)])).toEqual([
      ['a.b.happened.v1.w', [1, 2]],
      ['a.c.happened.v1.w', [3]],
      ['a.b.happened.v1.w', [4]],
    ]);
  });

  it('given interleaved workspaces, then each has messages of its own', () => {
    const publications = toPublications([row('v', 1), row('w', 1), row('v', 2), row('w', 2)]);
    expect(publications.map(({ subject, data }) => [subject.at(-1), seqs(data)])).toEqual([
      ['v', [1, 2]],
      ['w', [1, 2]],
    ]);
  });

  it('gives equal contents the same id and different contents different ids', () => {
    const rows = Array.from({ length: 150 }, (_, index) => row('w', index + 1));
    const ids = toPublications(rows).map(({ id }) => id);
    expect(ids).toEqual(toPublications(rows).map(({ id }) => id));
    expect(new Set([...ids, ...toPublications(rows.slice(1)).map(({ id }) => id)]).size).toBe(ids.length * 2);
    expect(toPublications(rows).flatMap(({ data }) => seqs(data))).toEqual(rows.map((_, index) => index + 1));
  });
});
