import { setTimeout as delay } from 'node:timers/promises';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { request } from 'undici';

export interface SupergraphOptions {
  /** How long subgraphs may take to start, in milliseconds. */
  patienceMs?: number;
}

/**
 * Composes the supergraph from what each subgraph says about itself (`_service { sdl }`), waiting for those that still start.
 *
 * @throws Error naming the subgraph that does not answer, or all reasons why they do not fit together.
 */
export async function composeFromSubgraphs(
  urls: Readonly<Record<string, string>>,
  { patienceMs = 30_000 }: SupergraphOptions = {},
): Promise<string> {
  const deadline = performance.now() + patienceMs;
  const services = await Promise.all(
    Object.entries(urls).map(async ([name, url]) => ({
      name,
      url,
      typeDefs: parse(await fetchSdl(name, url, deadline)),
    })),
  );
  const result = composeServices(services);
  if (result.errors) {
    throw new Error(
      `The subgraphs do not compose:\n${result.errors.map((error) => `  - ${error.message}`).join('\n')}`,
    );
  }
  return result.supergraphSdl;
}

async function fetchSdl(name: string, url: string, deadline: number): Promise<string> {
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 1_000)) {
    try {
      const response = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ _service { sdl } }' }),
        headersTimeout: 5_000,
      });
      const { data } = (await response.body.json()) as { data?: { _service?: { sdl?: string } } };
      if (data?._service?.sdl) return data._service.sdl;
      throw new Error('It does not answer `{ _service { sdl } }`.');
    } catch (error) {
      if (performance.now() + pauseMs > deadline) {
        throw new Error(`The subgraph "${name}" at ${url} does not answer, so there is no supergraph.`, {
          cause: error,
        });
      }
      await delay(pauseMs);
    }
  }
}
