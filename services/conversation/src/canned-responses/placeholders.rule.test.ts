import { describe, expect, it } from 'vitest';
import { checkPlaceholders, firstNameOf, renderPlaceholders } from './placeholders.rule.js';

const values = { 'contact.name': 'Ada Lovelace', 'contact.firstName': 'Ada', 'agent.name': null };

describe('a text with placeholders', () => {
  it.each([
    ['Hallo {{contact.name}}!', 'Hallo Ada Lovelace!', []],
    ['Hallo {{ contact.firstName }}, {{contact.firstName}}', 'Hallo Ada, Ada', []],
    ['{{channel.name|Filiale}}', 'Filiale', []],
    ['Hier ist {{agent.name}}.', 'Hier ist .', ['agent.name']],
    ['Hier ist {{agent.name|das Team}}.', 'Hier ist das Team.', []],
    ['{ "a": {} } ohne', '{ "a": {} } ohne', []],
  ])('given %j, then it reads %j', (body, text, missing) => {
    expect(() => checkPlaceholders(body)).not.toThrow();
    expect(renderPlaceholders(body, values)).toEqual({ text, missing });
  });

  it('does not fill in what was filled in', () => {
    expect(renderPlaceholders('{{contact.name}}', { 'contact.name': '{{agent.name}} $& $1' }).text).toBe(
      '{{agent.name}} $& $1',
    );
  });

  it.each(['{{contact.phone}}', '{{}}', '{{contact.name', 'contact.name}}', '{{constructor}}', 'a }} b'])(
    'is refused with %j',
    (body) => {
      expect(() => checkPlaceholders(body)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', field: 'body' }));
    },
  );

  it('knows first names', () => {
    expect([firstNameOf(' Ada  Lovelace'), firstNameOf(''), firstNameOf(null)]).toEqual(['Ada', null, null]);
  });
});
