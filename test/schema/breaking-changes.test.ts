import { describe, expect, it } from 'vitest';
import { findUndeclaredBreaks, type SchemaVersion } from './breaking-changes.js';

const WITH_TEXT = 'type Query { message(id: ID!): Message } type Message { id: ID! text: String }';
const WITHOUT_TEXT = 'type Query { message(id: ID!): Message } type Message { id: ID! }';
const TEXT_IS_GONE = '- `Message.text`: it is called `body` now.';

function version(name: string, sdl: string, declarations = ''): SchemaVersion {
  return { name, sdl, declarations };
}

async function undeclared(...versions: SchemaVersion[]): Promise<string[]> {
  return (await findUndeclaredBreaks(versions)).map(({ path, version }) => `${path} in ${version}`);
}

describe('a break of the public schema', () => {
  it('is found where a field goes', async () => {
    expect(await undeclared(version('a', WITH_TEXT), version('b', WITHOUT_TEXT))).toEqual(['Message.text in b']);
  });

  it('is found where a required argument comes', async () => {
    const after = 'type Query { message(id: ID!, locale: String!): Message } type Message { id: ID! text: String }';

    expect(await undeclared(version('a', WITH_TEXT), version('b', after))).toEqual(['Query.message.locale in b']);
  });

  it('is found where a field may suddenly be null', async () => {
    const before = 'type Query { name: String! }';

    expect(await undeclared(version('a', before), version('b', 'type Query { name: String }'))).toEqual([
      'Query.name in b',
    ]);
  });

  it('is not seen in what is added or deprecated', async () => {
    const after = `type Query { message(id: ID!, locale: String): Message }
      type Message { id: ID! text: String @deprecated(reason: "Use body.") body: String }`;

    expect(await undeclared(version('a', WITH_TEXT), version('b', after))).toEqual([]);
  });

  it('is found in a step that a later one covers', async () => {
    const versions = [version('a', WITH_TEXT), version('b', WITHOUT_TEXT), version('c', `${WITHOUT_TEXT} scalar Date`)];

    expect(await undeclared(...versions)).toEqual(['Message.text in b']);
  });

  it('is none where a later version gives back what was gone', async () => {
    const versions = [version('a', WITH_TEXT), version('b', WITHOUT_TEXT), version('c', `${WITH_TEXT} scalar Date`)];

    expect(await undeclared(...versions)).toEqual([]);
  });

  it('cannot be found in the first version', async () => {
    expect(await undeclared(version('a', WITH_TEXT))).toEqual([]);
  });
});

describe('a declaration', () => {
  it('excuses the break of the path that it names', async () => {
    expect(await undeclared(version('a', WITH_TEXT), version('b', WITHOUT_TEXT, TEXT_IS_GONE))).toEqual([]);
  });

  it('excuses no other', async () => {
    const after = version('b', 'type Query { message: Message } type Message { id: ID! }', TEXT_IS_GONE);

    expect(await undeclared(version('a', WITH_TEXT), after)).toEqual(['Query.message.id in b']);
  });

  it('may be handed in later', async () => {
    const versions = [version('a', WITH_TEXT), version('b', WITHOUT_TEXT), version('c', WITHOUT_TEXT, TEXT_IS_GONE)];

    expect(await undeclared(...versions)).toEqual([]);
  });

  it('does not count for a second break of the same path', async () => {
    const versions = [
      version('a', WITH_TEXT),
      version('b', WITHOUT_TEXT, TEXT_IS_GONE),
      version('c', WITH_TEXT, TEXT_IS_GONE),
      version('d', WITHOUT_TEXT, TEXT_IS_GONE),
    ];

    expect(await undeclared(...versions)).toEqual(['Message.text in d']);
  });

  it('needs a reason', async () => {
    expect(await undeclared(version('a', WITH_TEXT), version('b', WITHOUT_TEXT, '- `Message.text`: '))).toEqual([
      'Message.text in b',
    ]);
  });
});
