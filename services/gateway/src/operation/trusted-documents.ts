import { createHash } from 'node:crypto';
import { GraphQLError } from 'graphql';
import { z } from 'zod';
import { ConfigurationError, tryParseJson } from '@fenster/runtime';
import type { OperationRequest, Operations, Preparation } from './operations.js';
import { codedError } from './results.js';

/** `off`: every text runs, and ids are unknown. `allowed`: ids stand for texts. `only`: no other text runs. */
export type TrustMode = 'off' | 'allowed' | 'only';

export interface TrustedDocuments {
  readonly mode: TrustMode;
  /** SHA-256 of the text in lower-case hexadecimal → text. */
  readonly texts: ReadonlyMap<string, string>;
}

/** An operation of a document that is sent, or named by its id; where both are sent, the text counts. */
export interface DocumentRequest extends Omit<OperationRequest, 'query'> {
  readonly query?: string | null;
  /** GraphQL over HTTP, appendix "Persisted Documents": `sha256:…`, or the bare hash. */
  readonly documentId?: unknown;
  /** Of Apollo's clients: `{ persistedQuery: { sha256Hash } }`. */
  readonly extensions?: Readonly<Record<string, unknown>> | null;
}

export type Prepare = (request: DocumentRequest) => Preparation;

/** All that is checked before an operation may run, beginning with whether its document is one that may. */
export function createPrepare(operations: Operations, documents: TrustedDocuments): Prepare {
  const trusted = new Set(documents.texts.values());
  return (request) => {
    const query = textOf(request, documents, trusted);
    return query instanceof GraphQLError ? { errors: [query] } : operations.prepare({ ...request, query });
  };
}

function textOf(
  request: DocumentRequest,
  { mode, texts }: TrustedDocuments,
  trusted: ReadonlySet<string>,
): string | GraphQLError {
  const { query } = request;
  const id = query ? undefined : documentIdOf(request);
  if (id === undefined) {
    if (mode !== 'only' || trusted.has(query ?? '')) return query ?? '';
    return codedError('DOCUMENT_NOT_TRUSTED', 'Only documents that were made known beforehand may run.');
  }
  if (mode === 'off') return codedError('PERSISTED_QUERY_NOT_SUPPORTED', 'Send the document itself: no ids are known.');
  return texts.get(id) ?? codedError('PERSISTED_QUERY_NOT_FOUND', 'No document has this id.');
}

/** The hash by which a request names its document. */
export function documentIdOf({
  documentId,
  extensions,
}: Pick<DocumentRequest, 'documentId' | 'extensions'>): string | undefined {
  if (typeof documentId === 'string') return documentId.replace(/^sha256:/, '');
  const { sha256Hash } = (extensions?.persistedQuery ?? {}) as { sha256Hash?: unknown };
  return typeof sha256Hash === 'string' ? sha256Hash : undefined;
}

/**
 * Reads a JSON object of ids and documents.
 *
 * @throws ConfigurationError naming every document that has not the id of its text, or that `check` finds fault with.
 */
export function parseTrustedDocuments(
  json: string,
  check: (text: string) => readonly GraphQLError[],
): ReadonlyMap<string, string> {
  const refuse = (problems: string[]) =>
    new ConfigurationError(
      'gateway',
      problems.map((problem) => `TRUSTED_DOCUMENTS_FILE: ${problem}`),
    );
  const parsed = z.record(z.string(), z.string()).safeParse(tryParseJson(json));
  if (!parsed.success) throw refuse(['must be a JSON object of ids and documents']);
  const problems = Object.entries(parsed.data).flatMap(([id, text]) => [
    ...(id === createHash('sha256').update(text).digest('hex') ? [] : [`${id}: is not the SHA-256 of its document`]),
    ...check(text).map(({ message }) => `${id}: ${message}`),
  ]);
  if (problems.length > 0) throw refuse(problems);
  return new Map(Object.entries(parsed.data));
}
