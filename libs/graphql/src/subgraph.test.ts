import type { Actor, Permission } from '@fenster/auth';
import { createLogger, DomainError } from '@fenster/runtime';
import { execute, parse, type GraphQLSchema } from 'graphql';
import { Arg, Directive, Field, ID, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { actorWith } from '../../../test/support/actor.js';
import { Authorized, AuthorizedAction, Public } from './authorization.decorators.js';
import { createContext, type GraphQLContext } from './context.js';
import { formatError } from './errors.js';
import { buildSubgraph } from './subgraph.js';
import { asResult, InvalidInput, NotFound, registerUserError, resultUnion, UserError } from './user-errors.js';

@Directive('@key(fields: "id")')
@ObjectType()
class Thing {
  @Field(() => ID)
  id!: string;
}

@ObjectType({ implements: UserError })
class ThingBusy extends UserError {}
registerUserError(ThingBusy, 'THING_BUSY');

const RenameResult = resultUnion('RenameResult', Thing, [InvalidInput, NotFound, ThingBusy]);

@Resolver()
class Things {
  @Public()
  @Query(() => String)
  version(): string {
    return '1';
  }

  @Authorized('channel:read')
  @Query(() => Thing)
  thing(): Thing {
    return { id: '1' };
  }

  @AuthorizedAction('message:send')
  @Query(() => String)
  limited(): string {
    return 'done';
  }

  @Authorized('message:send')
  @Query(() => String)
  whole(): string {
    return 'done';
  }

  @Authorized()
  @Query(() => String)
  broken(): string {
    throw new Error('connection to +4915112345678 failed');
  }

  @Authorized()
  @Query(() => String)
  late(): string {
    throw Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' });
  }

  @Authorized('channel:manage')
  @Mutation(() => RenameResult)
  rename(@Arg('refusal', () => String, { nullable: true }) code?: string) {
    return asResult(
      code ? Promise.reject(new DomainError(code, 'No.', { field: 'name' })) : Promise.resolve({ id: '2' }),
    );
  }
}

@Resolver()
class Careless {
  @Query(() => String)
  secrets(): string {
    return 'all';
  }
}

const actor = (...permissions: Permission[]): Actor => actorWith({ permissions });
const log = createLogger('test', 'silent');
const contextOf = (who: Actor | undefined): GraphQLContext =>
  createContext({ app: {}, database: {} as never, now: () => new Date(), log, wakeRelay: () => {} }, who, 'test');

let schema: GraphQLSchema;
beforeAll(async () => {
  schema = await buildSubgraph({
    resolvers: [Things],
    references: { Thing: { permission: 'channel:read', resolve: ({ id }: { id: string }) => ({ id }) } },
  });
});

async function ask(query: string, who?: Actor) {
  const { data, errors } = await execute({ schema, document: parse(query), contextValue: contextOf(who) });
  return { data, errors: errors?.map((error) => formatError(error, log)) };
}
const codeOf = async (query: string, who?: Actor) => (await ask(query, who)).errors?.[0]?.extensions?.['code'];

describe('a subgraph', () => {
  it('does not start while a root field has not decided who may call it', async () => {
    await expect(buildSubgraph({ resolvers: [Things, Careless] })).rejects.toThrow(
      'Neither @Authorized nor @Public: Query.secrets',
    );
  });

  it('asks root fields for a token and for their permission', async () => {
    expect(await ask('{ version }')).toMatchObject({ data: { version: '1' } });
    expect(await codeOf('{ thing { id } }')).toBe('UNAUTHENTICATED');
    expect(await codeOf('{ thing { id } }', actor())).toBe('FORBIDDEN');
    expect(await ask('{ thing { id } }', actor('channel:read'))).toMatchObject({ data: { thing: { id: '1' } } });
  });

  it('lets API keys that may do an action alone in where its limits are asked for, and nowhere else', async () => {
    const key = actorWith({ kind: 'api_key', grants: [{ action: 'message:send' }] });
    expect(await ask('{ limited }', key)).toMatchObject({ data: { limited: 'done' } });
    expect(await codeOf('{ whole }', key)).toBe('FORBIDDEN');
    expect(await ask('{ limited whole }', actor('message:send'))).toMatchObject({ data: { whole: 'done' } });
    expect(await codeOf('{ limited }', actor())).toBe('FORBIDDEN');
    expect(await codeOf('{ limited }')).toBe('UNAUTHENTICATED');
  });

  it('asks references for it as well, and answers other members as if there were nothing', async () => {
    const query = '{ _entities(representations: [{ __typename: "Thing", id: "7" }]) { ... on Thing { id } } }';
    expect(await ask(query, actor('channel:read'))).toEqual({ data: { _entities: [{ id: '7' }] }, errors: undefined });
    expect(await ask(query, actor())).toEqual({ data: { _entities: [null] }, errors: undefined });
    expect(await codeOf(query)).toBe('UNAUTHENTICATED');
  });

  it('shows expected refusals as members of the result, each under its own type', async () => {
    const rename = (code?: string) =>
      ask(
        `mutation { rename${code ? `(refusal: "${code}")` : ''} { __typename ... on UserError { code message } ... on InvalidInput { field } } }`,
        actor('channel:manage'),
      );
    expect((await rename()).data).toEqual({ rename: { __typename: 'Thing' } });
    expect((await rename('THING_BUSY')).data).toEqual({
      rename: { __typename: 'ThingBusy', code: 'THING_BUSY', message: 'No.' },
    });
    expect((await rename('INVALID_INPUT')).data).toEqual({
      rename: { __typename: 'InvalidInput', code: 'INVALID_INPUT', message: 'No.', field: 'name' },
    });
    expect((await rename('NEVER_HEARD_OF')).errors).toMatchObject([{ extensions: { code: 'NEVER_HEARD_OF' } }]);
  });

  it('tells outsiders nothing about unexpected errors but where to look them up', async () => {
    const { errors } = await ask('{ broken }', actor());
    expect(errors).toEqual([
      {
        message: 'Internal error.',
        path: ['broken'],
        locations: expect.anything(),
        extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      },
    ]);
  });

  it('says when trying again may help, and no more', async () => {
    const { errors } = await ask('{ late }', actor());
    expect(errors).toMatchObject([
      { message: 'Not available at present. Try again.', extensions: { code: 'UNAVAILABLE' } },
    ]);
  });
});
