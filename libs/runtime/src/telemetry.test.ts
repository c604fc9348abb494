import {
  context,
  ROOT_CONTEXT,
  trace,
  type Context,
  type Span,
  type SpanContext,
  type SpanOptions,
} from '@opentelemetry/api';
import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { currentTraceparent, traced } from './telemetry.js';

/** As little of an SDK as shows that ours is called rightly. */
const spans: { name: string; parent: SpanContext | undefined; options: SpanOptions; status?: unknown }[] = [];
beforeEach(() => {
  spans.length = 0;
  const storage = new AsyncLocalStorage<Context>();
  context.setGlobalContextManager({
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, run, self, ...args) => storage.run(active, () => run.apply(self, args)),
    bind: (_active, target) => target,
    enable: () => context as never,
    disable: () => context as never,
  });
  const startSpan = (name: string, options: SpanOptions, outer: Context): Span => {
    const parent = trace.getSpanContext(outer);
    const record = { name, parent, options };
    spans.push(record);
    const own = { traceId: parent?.traceId ?? 'a'.repeat(32), spanId: String(spans.length).repeat(16), traceFlags: 1 };
    return {
      spanContext: () => own,
      setStatus: (status: unknown) => Object.assign(record, { status }),
      end: () => {},
    } as never;
  };
  trace.setGlobalTracerProvider({
    getTracer: () => ({
      startSpan: startSpan as never,
      startActiveSpan: ((name: string, options: SpanOptions, outer: Context, run: (span: Span) => unknown) => {
        const span = startSpan(name, options, outer);
        return context.with(trace.setSpan(outer, span), () => run(span));
      }) as never,
    }),
  });
});
afterEach(() => {
  trace.disable();
  context.disable();
});

describe('tracing', () => {
  const caller = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`;

  it('goes on in the trace of the caller and hands it on', async () => {
    const handedOn = await traced('outer', { parent: caller }, () =>
      traced('inner', {}, async () => currentTraceparent()),
    );
    expect(handedOn).toBe(`00-${'c'.repeat(32)}-${'2'.repeat(16)}-01`);
    expect(spans.map(({ name, parent }) => [name, parent?.spanId])).toEqual([
      ['outer', 'd'.repeat(16)],
      ['inner', '1'.repeat(16)],
    ]);
  });

  it('links what a batch handles and passes over what is no trace context', async () => {
    await traced('batch', { links: [caller, undefined, 'nonsense'] }, () => undefined);
    expect(spans[0]!.options.links?.map((link) => link.context.spanId)).toEqual(['d'.repeat(16)]);
  });

  it('marks what failed with the kind of error and nothing that it said', async () => {
    await expect(traced('failing', {}, () => Promise.reject(new RangeError('+4915112345678')))).rejects.toThrow(
      RangeError,
    );
    expect(spans[0]!.status).toEqual({ code: 2, message: 'RangeError' });
  });

  it('has no trace context to hand on outside of a span', () => {
    expect(currentTraceparent()).toBeUndefined();
  });
});
