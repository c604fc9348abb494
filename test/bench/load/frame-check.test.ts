import { describe, expect, it } from 'vitest';
import { DeliveryBook, markPrefix, readMark } from './frame-check.js';
import { markOf } from './webhook-requests.js';

function frame(
  message: { customer: number; number: number },
  { name = `Customer ${message.customer}`, run = 'r1' } = {},
) {
  const conversation = { id: 'c', contact: { name }, channel: { name: 'Support' } };
  const inboxEvents = {
    __typename: 'MessageAdded',
    cursor: `cursor ${message.number}`,
    message: { id: 'm', seq: message.number, text: `Hello ${markOf(run, message)}`, conversation },
  };
  return Buffer.from(JSON.stringify({ id: '1', type: 'next', payload: { data: { inboxEvents } } }));
}

const given = () => new DeliveryBook({ agents: 2, customers: 10, perCustomer: 100, run: 'r1' });

describe('readMark', () => {
  it('finds the message of this run and no other', () => {
    expect(readMark(frame({ customer: 417, number: 90 }), markPrefix('r1'))).toEqual({ customer: 417, number: 90 });
    expect(readMark(frame({ customer: 417, number: 90 }), markPrefix('r11'))).toBeUndefined();
  });
});

describe('DeliveryBook', () => {
  it('counts what every agent got once and in order', () => {
    const book = given();
    for (const agent of [0, 1]) {
      for (const number of [1, 2, 3]) book.enter(frame({ customer: 4, number }), agent);
    }
    expect(book).toMatchObject({ deliveries: 6, duplicated: 0, reordered: 0, incomplete: 0 });
    expect(book.isDone(book.keyOf({ customer: 4, number: 3 }))).toBe(true);
    expect(book.missing([1, 2, 3].map((number) => ({ customer: 4, number })))).toBe(0);
  });

  it('tells what one agent did not get', () => {
    const book = given();
    book.enter(frame({ customer: 4, number: 1 }), 0);
    expect(book.isDone(book.keyOf({ customer: 4, number: 1 }))).toBe(false);
    expect(
      book.missing([
        { customer: 4, number: 1 },
        { customer: 5, number: 1 },
      ]),
    ).toBe(3);
  });

  it('tells what came twice, and does not count it', () => {
    const book = given();
    const key = book.enter(frame({ customer: 4, number: 1 }), 0);
    expect(key).toBe(book.keyOf({ customer: 4, number: 1 }));
    expect(book.enter(frame({ customer: 4, number: 1 }), 0)).toBeUndefined();
    expect(book).toMatchObject({ deliveries: 1, duplicated: 1 });
  });

  it('tells what overtook, within one customer only', () => {
    const book = given();
    book.enter(frame({ customer: 4, number: 2 }), 0);
    book.enter(frame({ customer: 5, number: 1 }), 0);
    expect(book.reordered).toBe(0);
    book.enter(frame({ customer: 4, number: 1 }), 0);
    expect(book.reordered).toBe(1);
  });

  it('tells a frame whose fields of another service are wrong, be it the second of its message', () => {
    const book = given();
    book.enter(frame({ customer: 4, number: 1 }), 0);
    book.enter(frame({ customer: 4, number: 1 }, { name: 'Somebody else' }), 1);
    expect(book.incomplete).toBe(1);
  });
});
