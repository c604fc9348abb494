import { describe, expect, it } from 'vitest';
import { ERROR_CODES, graphError, graphErrorBody, knowsError, webhookError } from './graph-error.js';

/** whatsapp.md §B4, row by row. */
const DOCUMENTED = [
  [4, 80007, 130429, 131056],
  [1, 2, 131000, 131016, 131057, 133004],
  [131047, 131026, 131049, 131050, 131048, 130472, 131021],
  [131008, 131009, 100, 135000, 131051, 131052, 131053, 131042],
  [131031, 368, 130497, 131005, 3, 10, 200, 299],
  [190, 0],
  [131045, 133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016],
  [132000, 132001, 132005, 132007, 132012, 132015, 132016, 132068, 132069],
  [131062, 131061, 131063, 131064, 131037, 130403, 33, 136024],
].flat();

describe('the catalogue of errors', () => {
  it('has every documented code', () => {
    expect(ERROR_CODES.toSorted((a, b) => a - b)).toEqual(DOCUMENTED.toSorted((a, b) => a - b));
    expect(graphError(250)).toMatchObject({ code: 250, status: 403 });
    expect(knowsError(199)).toBe(false);
    expect(() => graphError(424_242)).toThrow('424242');
  });

  it('writes an answer as the Graph API does', () => {
    expect(graphErrorBody(graphError(190))).toEqual({
      error: {
        message: '(#190) Access token has expired',
        type: 'OAuthException',
        code: 190,
        error_subcode: 463,
        error_data: { messaging_product: 'whatsapp', details: 'The access token has expired.' },
        fbtrace_id: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
    });
    expect(graphErrorBody(graphError(131016))).toMatchObject({ error: { is_transient: true } });
  });

  it('writes the same error into a status, title and message alike', () => {
    expect(webhookError(graphError(131026))).toMatchObject({
      code: 131026,
      title: 'Message undeliverable',
      message: 'Message undeliverable',
      error_data: { details: expect.stringContaining('not on WhatsApp') },
    });
  });

  it.each(ERROR_CODES)('has status and words for %i', (code) => {
    const { status, message, details } = graphError(code);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(message).toMatch(/^\(#\d+\) \S/);
    expect(details).toMatch(/\.$/);
  });
});
