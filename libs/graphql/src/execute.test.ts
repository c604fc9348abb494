import { GraphQLObjectType, GraphQLSchema, GraphQLString, parse, type ExecutionResult } from 'graphql';
import { describe, expect, it } from 'vitest';
import { cancellable } from './cancellable.js';
import { subscribeToBatches } from './execute.js';

const schemaOf = (source: (signal: AbortSignal) => AsyncGenerator<string[], void>) => {
  const Query = new GraphQLObjectType({ name: 'Query', fields: { nothing: { type: GraphQLString } } });
  const said = {
    type: GraphQLString,
    subscribe: () => cancellable(source),
    resolve: (text: string, _args: unknown, context: { number: number }) => `${text} in ${context.number}`,
  };
  return new GraphQLSchema({
    query: Query,
    subscription: new GraphQLObjectType({ name: 'Subscription', fields: { said } }),
  });
};

async function subscribe(source: (signal: AbortSignal) => AsyncGenerator<string[], void>) {
  let contexts = 0;
  const results = await subscribeToBatches(
    { schema: schemaOf(source), document: parse('subscription { said }') },
    () => ({ number: (contexts += 1) }),
  );
  return results as AsyncIterableIterator<ExecutionResult>;
}

describe('a subscription to batches', () => {
  it('executes event by event, those of one list with one context, and lists without any with none', async () => {
    const results = await subscribe(async function* () {
      yield ['a', 'b'];
      yield [];
      yield ['c'];
    });
    const said: unknown[] = [];
    for await (const { data } of results) said.push(data!['said']);
    expect(said).toEqual(['a in 1', 'b in 1', 'c in 3']);
  });

  it('ends at once, with events left and while it waits for some', async () => {
    const waiting = Promise.withResolvers<void>();
    const source = async function* (signal: AbortSignal) {
      yield ['a', 'b'];
      waiting.resolve();
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    };
    const some = await subscribe(source);
    expect((await some.next()).value).toEqual({ data: { said: 'a in 1' } });
    await some.return!();
    expect(await some.next()).toEqual({ done: true, value: undefined });

    const all = await subscribe(source);
    await all.next();
    await all.next();
    const next = all.next();
    await waiting.promise;
    await all.return!();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});
