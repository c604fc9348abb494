import { createHash } from 'node:crypto';
import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '@fenster/runtime';
import { Operations } from './operations.js';
import { createPrepare, parseTrustedDocuments, type DocumentRequest, type TrustMode } from './trusted-documents.js';

const operations = new Operations(buildSchema('type Query { a: Int b: Int }'), {
  introspection: false,
  limits: { depth: 5, aliases: 5, directives: 5, fields: 5, tokens: 50, cost: 50 },
});
const idOf = (text: string) => createHash('sha256').update(text).digest('hex');
const KNOWN = '{ a }';
const ID = idOf(KNOWN);
const byApollo = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });

/** The fields that would run, or the code of the refusal. */
function outcome(mode: TrustMode, request: DocumentRequest): unknown {
  const result = createPrepare(operations, { mode, texts: new Map([[ID, KNOWN]]) })(request);
  if ('errors' in result) return result.errors[0]!.extensions.code;
  return result.operation.document.loc!.source.body;
}

describe('Trusted documents', () => {
  it.each<[string, DocumentRequest, Record<TrustMode, string>]>([
    ['a text that is listed', { query: KNOWN }, { off: KNOWN, allowed: KNOWN, only: KNOWN }],
    ['another text', { query: '{ b }' }, { off: '{ b }', allowed: '{ b }', only: 'DOCUMENT_NOT_TRUSTED' }],
    ['the same in another layout', { query: '{a}' }, { off: '{a}', allowed: '{a}', only: 'DOCUMENT_NOT_TRUSTED' }],
    [
      'a known id',
      { documentId: `sha256:${ID}` },
      { off: 'PERSISTED_QUERY_NOT_SUPPORTED', allowed: KNOWN, only: KNOWN },
    ],
    ['a bare id', { documentId: ID }, { off: 'PERSISTED_QUERY_NOT_SUPPORTED', allowed: KNOWN, only: KNOWN }],
    ['an id of Apollo', byApollo(ID), { off: 'PERSISTED_QUERY_NOT_SUPPORTED', allowed: KNOWN, only: KNOWN }],
    [
      'an id beside an empty text',
      { query: '', ...byApollo(ID) },
      { off: 'PERSISTED_QUERY_NOT_SUPPORTED', allowed: KNOWN, only: KNOWN },
    ],
    [
      'an unknown id',
      { documentId: idOf('{ b }') },
      { off: 'PERSISTED_QUERY_NOT_SUPPORTED', allowed: 'PERSISTED_QUERY_NOT_FOUND', only: 'PERSISTED_QUERY_NOT_FOUND' },
    ],
    [
      'an unknown id with its text, as Apollo’s clients register one',
      { query: '{ b }', ...byApollo(idOf('{ b }')) },
      { off: '{ b }', allowed: '{ b }', only: 'DOCUMENT_NOT_TRUSTED' },
    ],
    [
      'a known id with another text',
      { query: '{ b }', documentId: ID },
      { off: '{ b }', allowed: '{ b }', only: 'DOCUMENT_NOT_TRUSTED' },
    ],
    ['neither', {}, { off: 'GRAPHQL_PARSE_FAILED', allowed: 'GRAPHQL_PARSE_FAILED', only: 'DOCUMENT_NOT_TRUSTED' }],
  ])('%s', (_, request, expected) => {
    for (const mode of ['off', 'allowed', 'only'] as const)
      expect([mode, outcome(mode, request)]).toEqual([mode, expected[mode]]);
  });

  it('are read from a JSON object', () => {
    expect(parseTrustedDocuments(JSON.stringify({ [ID]: KNOWN }), (text) => operations.check(text))).toEqual(
      new Map([[ID, KNOWN]]),
    );
  });

  it('are all checked at the start, and all problems are named', () => {
    const tooDear = '{ a a a a a a }';
    const file = { [ID]: KNOWN, [idOf('{ c }')]: '{ c }', nonsense: '{ b }', [idOf(tooDear)]: tooDear };
    const read = () => parseTrustedDocuments(JSON.stringify(file), (text) => operations.check(text));
    expect(read).toThrow(ConfigurationError);
    try {
      read();
    } catch (error) {
      expect((error as ConfigurationError).problems).toEqual([
        expect.stringContaining(`${idOf('{ c }')}: Cannot query field "c"`),
        'TRUSTED_DOCUMENTS_FILE: nonsense: is not the SHA-256 of its document',
        expect.stringContaining(`${idOf(tooDear)}: The operation has 6 fields and fragments; 5 are allowed.`),
      ]);
    }
  });

  it.each(['', '[]', '{"a": 1}', 'null'])('are not %j', (json) => {
    expect(() => parseTrustedDocuments(json, () => [])).toThrow('must be a JSON object of ids and documents');
  });
});
