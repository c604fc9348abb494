import { startTestStack } from '../support/test-stack.js';
import { readContents, Sight, type Contents } from './canaries.js';
import { Matrix, readSchemas, TRUSTS_THE_GATEWAY, type Asker } from './matrix.js';
import type { ActorRule } from './rules.js';
import { buildWorld, type World } from './world.js';

/** What is tried here is who may, not how much. */
const GENEROUS = { MAX_QUERY_FIELDS: '100000', MAX_QUERY_TOKENS: '100000', MAX_OPERATIONS_PER_SOCKET: '200' };

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

export function askerOf({ world, contents }: WorldUnderTest, name: string, rule: ActorRule): Asker {
  const sightWith = (kinds: readonly string[]) =>
    new Sight(
      world,
      contents,
      rule,
      rule.rights.sees.filter((kind) => kinds.includes(kind)),
    );
  return {
    name,
    rule,
    token: world.tokenOf(rule),
    sight: sightWith([]),
    sightAt: Object.fromEntries(
      Object.entries(TRUSTS_THE_GATEWAY).map(([field, kinds]) => [field, sightWith(kinds)] as const),
    ),
    place: world[rule.token?.place ?? 'here'],
  };
}
