import { GraphQLError } from 'graphql';
import { describe, expect, it, vi } from 'vitest';
import { createLogger } from '@fenster/runtime';
import { createFormatError, createFormatResult } from './results.js';

const log = createLogger('test', 'silent');

describe('An error', () => {
  it('with a code is shown as it is, without the names of files and stacks', () => {
    const error = new GraphQLError('Not found.', {
      path: ['a'],
      extensions: { code: 'NOT_FOUND', field: 'id' },
      originalError: new Error('secret'),
    });
    expect(createFormatError(log)(error)).toEqual({
      message: 'Not found.',
      path: ['a'],
      extensions: { code: 'NOT_FOUND', field: 'id' },
    });
  });

  it.each([
    new Error('secret'),
    new GraphQLError('secret'),
    new GraphQLError('secret', { extensions: { code: 'INTERNAL_SERVER_ERROR' } }),
    'secret',
  ])('that is unexpected tells outsiders an id, and the log the same id', (error) => {
    const logged = vi.spyOn(log, 'error');
    const formatted = createFormatError(log)(error);
    expect(formatted.message).toBe('Internal error');
    expect(JSON.stringify(formatted)).not.toContain('secret');
    expect(logged).toHaveBeenCalledWith(
      expect.objectContaining({ correlationId: formatted.extensions!.correlationId }),
      expect.anything(),
    );
    logged.mockRestore();
  });

  it('that a subgraph has given an id keeps it', () => {
    const error = new GraphQLError('Internal error', {
      extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId: 'abc' },
    });
    expect(createFormatError(log)(error).extensions?.correlationId).toBe('abc');
  });
});

describe('A result', () => {
  it('has no errors where there are none', () => {
    expect(createFormatResult(createFormatError(log))({ data: { a: 1 }, errors: [] })).toEqual({ data: { a: 1 } });
  });

  it('has no data where nothing was executed', () => {
    expect(
      createFormatResult(createFormatError(log))({ errors: [new GraphQLError('x', { extensions: { code: 'X' } })] }),
    ).not.toHaveProperty('data');
  });
});
