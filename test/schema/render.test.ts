import { describe, expect, it } from 'vitest';
import { renderSchemas } from './render.js';
import { SUBGRAPHS } from './subgraphs.js';

describe('the rendered schemas', () => {
  it('are the same in whatever order the services come', async () => {
    const reversed = Object.fromEntries(Object.entries(SUBGRAPHS).toReversed());

    const [one, other] = [await renderSchemas(SUBGRAPHS), await renderSchemas(reversed)];

    expect(Object.fromEntries(other)).toEqual(Object.fromEntries(one));
  });

  it('show the public nothing of the federation', async () => {
    const files = await renderSchemas(SUBGRAPHS);

    expect(files.get('public.graphql')).not.toMatch(/join__|_service|_entities|@key/);
    expect(files.get('supergraph.graphql')).toContain('url: "http://conversation.internal/graphql"');
    expect(files.get('conversation.graphql')).toContain('@key(fields: "id")');
  });

  it('are refused where subgraphs do not compose', async () => {
    const { conversation } = SUBGRAPHS;

    await expect(renderSchemas({ one: conversation!, other: conversation! })).rejects.toThrow(
      'The subgraphs do not compose',
    );
  });
});
