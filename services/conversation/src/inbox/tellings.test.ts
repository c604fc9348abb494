import { buildSubgraph } from '@fenster/graphql';
import { isInterfaceType, isLeafType, getNamedType, parse, validate } from 'graphql';
import { expect, it } from 'vitest';
import { subgraph } from '../service.js';

it('lets one subscription select every field of every event under its own name', async () => {
  const schema = await buildSubgraph(subgraph);
  const event = schema.getType('InboxEvent');
  if (!isInterfaceType(event)) throw new Error('InboxEvent is no interface.');
  const members = schema.getPossibleTypes(event).map((type) => {
    const fields = Object.values(type.getFields()).map((field) =>
      isLeafType(getNamedType(field.type)) ? field.name : `${field.name} { __typename }`,
    );
    return `... on ${type.name} { ${fields.join(' ')} }`;
  });
  expect(members.length).toBeGreaterThan(10);
  expect(validate(schema, parse(`subscription { inboxEvents { ${members.join(' ')} } }`))).toEqual([]);
});
