import { subgraphServiceEnv, type SubgraphServiceConfig } from '@fenster/graphql';
import { parseConfig, type Environment } from '@fenster/runtime';
import { z } from 'zod';

export function loadConfig(env: Environment): SubgraphServiceConfig {
  return parseConfig('billing', z.object(subgraphServiceEnv), env);
}
