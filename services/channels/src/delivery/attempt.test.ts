import { describe, expect, it } from 'vitest';
import type { SendOutcome } from '../providers/provider.js';
import { afterAttempt, OWN_ERRORS } from './attempt.js';

const now = new Date('2026-11-21T12:00:00Z');
const after = (outcome: SendOutcome, number = 1, queuedAt = now) => afterAttempt(outcome, { number, queuedAt, now });
const inSeconds = (seconds: number) => new Date(now.getTime() + seconds * 1_000);
const dayAgo = new Date(now.getTime() - 24 * 3_600_000);

describe('afterAttempt', () => {
  it('is done when the provider took it', () => {
    expect(after({ kind: 'accepted', providerMessageId: 'wamid.1' })).toEqual({
      kind: 'accepted',
      providerMessageId: 'wamid.1',
    });
  });

  it('never repeats what may have been sent', () => {
    for (const number of [1, 2, 9]) {
      expect(after({ kind: 'unconfirmed', reason: 'timeout' }, number)).toEqual({
        kind: 'ambiguous',
        reason: 'timeout',
      });
    }
  });

  it.each([
    [1, 1],
    [2, 2],
    [4, 8],
    [7, 60],
    [500, 60],
  ])('tries again what never left, ever less often: after attempt %i in %i s', (number, seconds) => {
    expect(after({ kind: 'not_sent', reason: 'ECONNREFUSED' }, number)).toEqual({
      kind: 'retry',
      at: inSeconds(seconds),
      reason: 'ECONNREFUSED',
    });
  });

  it('gives up on what could not leave for a day', () => {
    expect(after({ kind: 'not_sent', reason: 'ECONNREFUSED' }, 1_440, dayAgo)).toEqual({
      kind: 'failed',
      error: OWN_ERRORS.unreachable,
    });
  });

  it('tries transient refusals six times in all', () => {
    const refused: SendOutcome = { kind: 'rejected', class: 'retry', code: 131000, agentText: 'Later.' };
    expect(after(refused, 1)).toEqual({ kind: 'retry', at: inSeconds(1), reason: 'Later.' });
    expect(after(refused, 5)).toEqual({ kind: 'retry', at: inSeconds(16), reason: 'Later.' });
    expect(after(refused, 6)).toEqual({ kind: 'failed', error: { code: 131000, title: 'Later.' } });
    expect(after({ ...refused, retryAfterMs: 7_000 }, 1)).toMatchObject({ at: inSeconds(7) });
  });

  it('waits out limits for four times as long each time, up to an hour, for a day', () => {
    const limited: SendOutcome = {
      kind: 'rejected',
      class: 'wait',
      code: 131056,
      retryAfterMs: 4_000,
      agentText: 'Slowly.',
    };
    expect(after(limited, 1)).toMatchObject({ kind: 'retry', at: inSeconds(4) });
    expect(after(limited, 3)).toMatchObject({ kind: 'retry', at: inSeconds(64) });
    expect(after(limited, 30)).toMatchObject({ kind: 'retry', at: inSeconds(3_600) });
    expect(after(limited, 30, dayAgo)).toEqual({ kind: 'failed', error: { code: 131056, title: 'Slowly.' } });
  });

  it.each(['never', 'opt_out', 'window_closed', 'channel_broken'] as const)(
    'fails at once what the provider refuses: %s',
    (kind) => {
      expect(after({ kind: 'rejected', class: kind, code: 131047, agentText: 'No.' })).toEqual({
        kind: 'failed',
        error: { code: 131047, title: 'No.' },
      });
    },
  );

  it('gives refusals without a code one that no provider uses', () => {
    const step = after({ kind: 'rejected', class: 'never', agentText: 'No.' });
    expect(step).toEqual({ kind: 'failed', error: { code: -6, title: 'No.' } });
  });
});
