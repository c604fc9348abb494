import { describe, expect, it } from 'vitest';
import { judge } from './stored-order.js';

const rows = (...numbers: [customer: number, number: number][]) =>
  numbers.map(([customer, number]) => ({ phone: String(customer), wamid: `wamid.r1.${customer}.${number}` }));
const posted = { run: 'r1', sent: [3, 1], unacked: new Map<number, number[]>() };

describe('judge', () => {
  it('finds nothing wrong with everything once and in order', () => {
    expect(judge(posted, rows([0, 1], [1, 1], [0, 2], [0, 3]))).toEqual({ lost: 0, duplicated: 0, reordered: 0 });
  });

  it('counts what is missing, but not what was never acknowledged', () => {
    expect(judge(posted, rows([0, 1], [0, 3]))).toEqual({ lost: 2, duplicated: 0, reordered: 0 });
    expect(judge({ ...posted, unacked: new Map([[0, [2]]]) }, rows([0, 1], [0, 3], [1, 1])).lost).toBe(0);
  });

  it('counts second copies', () => {
    expect(judge(posted, rows([0, 1], [0, 2], [0, 2], [0, 3], [1, 1])).duplicated).toBe(1);
  });

  it('counts what stands behind a later one of the same customer', () => {
    expect(judge(posted, rows([0, 2], [1, 1], [0, 1], [0, 3])).reordered).toBe(1);
  });

  it('passes over other runs', () => {
    expect(judge({ ...posted, run: 'r2', sent: [0, 0] }, rows([0, 2], [0, 1]))).toEqual({
      lost: 0,
      duplicated: 0,
      reordered: 0,
    });
  });
});
