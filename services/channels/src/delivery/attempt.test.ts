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
      waitingFor: 'PROVIDER_UNREACHABLE',
    });
  });

  it('gives up on what could not leave for a day', () => {
    expect(after({ kind: 'not_sent', reason: 'ECONNREFUSED' }, 1_440, dayAgo)).toEqual({
      kind: 'failed',
      error: OWN_ERRORS.unreachable,
    });
  });

  it('tries transient refusals six times in all', () => {
    const refused: SendOutcome = {
      kind: 'rejected',
      reason: 'temporary_problem',
      class: 'retry',
      code: 131000,
      agentText: 'Later.',
    };
    const busy = { kind: 'retry', reason: 'Later.', waitingFor: 'PROVIDER_BUSY' };
    expect(after(refused, 1)).toEqual({ ...busy, at: inSeconds(1) });
    expect(after(refused, 5)).toEqual({ ...busy, at: inSeconds(16) });
    expect(after(refused, 6)).toEqual({
      kind: 'failed',
      error: { code: 131000, title: 'Later.', reason: 'temporary_problem' },
    });
    expect(after({ ...refused, retryAfterMs: 7_000 }, 1)).toMatchObject({ at: inSeconds(7) });
  });

  it('waits out limits for four times as long each time, up to an hour, for a day', () => {
    const limited: SendOutcome = {
      kind: 'rejected',
      reason: 'person_busy',
      class: 'wait',
      code: 131056,
      retryAfterMs: 4_000,
      agentText: 'Slowly.',
    };
    expect(after(limited, 1)).toMatchObject({ kind: 'retry', at: inSeconds(4) });
    expect(after(limited, 3)).toMatchObject({ kind: 'retry', at: inSeconds(64) });
    expect(after(limited, 30)).toMatchObject({ kind: 'retry', at: inSeconds(3_600) });
    expect(after(limited, 30, dayAgo)).toEqual({
      kind: 'failed',
      error: { code: 131056, title: 'Slowly.', reason: 'person_busy' },
    });
  });

  it.each([
    [undefined, 'PROVIDER_BUSY'],
    ['pair', 'PAIR_LIMIT'],
    ['number', 'NUMBER_LIMIT'],
  ] as const)('says whose limit it is: %s', (limitOf, waitingFor) => {
    const limited: SendOutcome = {
      kind: 'rejected',
      reason: 'person_busy',
      class: 'wait',
      agentText: 'Slowly.',
      ...(limitOf && { limitOf }),
    };
    const step = after(limited);
    expect(step).toEqual({
      kind: 'retry',
      at: inSeconds(1),
      reason: 'Slowly.',
      waitingFor,
      ...(limitOf && { limitOf }),
    });
  });

  it.each(['never', 'opt_out', 'window_closed'] as const)('fails at once what the provider refuses: %s', (kind) => {
    const refused: SendOutcome = {
      kind: 'rejected',
      reason: 'window_closed',
      class: kind,
      code: 131047,
      agentText: 'No.',
    };
    expect(after(refused)).toEqual({
      kind: 'failed',
      error: { code: 131047, title: 'No.', reason: 'window_closed' },
    });
  });

  it('keeps a message that a broken channel cannot send, however long it has waited', () => {
    const broken: SendOutcome = {
      kind: 'rejected',
      reason: 'access_expired',
      class: 'channel_broken',
      code: 190,
      agentText: 'Expired.',
    };
    for (const [number, queuedAt] of [
      [1, now],
      [99, dayAgo],
    ] as const) {
      const step = after(broken, number, queuedAt);
      expect(step).toEqual({
        kind: 'channel_broken',
        error: { code: 190, title: 'Expired.', reason: 'access_expired' },
      });
    }
  });

  it('gives refusals without a code one that no provider uses', () => {
    const step = after({ kind: 'rejected', reason: 'malformed', class: 'never', agentText: 'No.' });
    expect(step).toEqual({ kind: 'failed', error: { code: -6, title: 'No.', reason: 'malformed' } });
  });
});
