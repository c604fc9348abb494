import { startTestStack } from '../support/test-stack.js';
import { readContents, Sight, type Contents } from './canaries.js';
import { Matrix, readSchemas, TOLD_MORE, type Asker } from './matrix.js';
import type { ActorRule } from './rules.js';
import { buildWorld, type World } from './world.js';

/** What is tried here is who may, not how much. */
const GENEROUS = {
  MAX_QUERY_DEPTH: '20',
  MAX_QUERY_FIELDS: '100000',
  MAX_QUERY_TOKENS: '100000',
  MAX_QUERY_COST: '1000000000',
  MAX_OPERATIONS_PER_SOCKET: '200',
  REQUESTS_PER_MEMBER: '1000000',
  REQUESTS_PER_ADDRESS: '1000000',
  REQUESTS_PER_WORKSPACE: '10000000',
};

export interface WorldUnderTest {
  world: World;
  contents: Contents;
  matrix: Matrix;
  stop(): Promise<void>;
}

export async function startWorld(): Promise<WorldUnderTest> {
  const stack = await startTestStack({ extra: { gateway: GENEROUS } });
  const world = await buildWorld(stack);
  const contents = await readContents(world);
  const matrix = new Matrix(world, await readSchemas(world), contents);
  return {
    world,
    contents,
    matrix,
    async stop() {
      await world.close();
      await stack.stop();
    },
  };
}

export async function askerOf({ world, contents }: WorldUnderTest, name: string, rule: ActorRule): Promise<Asker> {
  const more = Object.entries(TOLD_MORE).filter(([, { to }]) => rule.rights.sees.includes(to));
  return {
    name,
    rule,
    token: world.tokenOf(rule),
    subgraphToken: await world.subgraphTokenOf(rule),
    sight: new Sight(world, contents, rule),
    sightAt: Object.fromEntries(more.map(([field, { kinds }]) => [field, new Sight(world, contents, rule, kinds)])),
    place: world[rule.token?.place ?? 'here'],
  };
}
