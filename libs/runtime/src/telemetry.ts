import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type SpanContext,
} from '@opentelemetry/api';

/**
 * Traces through @opentelemetry/api only: without an SDK all of this costs next to nothing and does nothing. To get
 * traces, load any SDK before a service (`NODE_OPTIONS=--import …`) and configure it by `OTEL_*`.
 */
const tracer = trace.getTracer('fenster');

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

function parseTraceparent(traceparent: string | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  return traceId && spanId && flags
    ? { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
    : undefined;
}

/** W3C trace context of the span that is active, for what leaves this process. */
export function currentTraceparent(): string | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  if (!span || /^0+$/.test(span.traceId)) return undefined;
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`;
}

export interface SpanOptions {
  kind?: 'server' | 'consumer' | 'internal';
  /** Names and numbers only: never a body, a phone number or a token. */
  attributes?: Attributes;
  /** Trace context of whoever called. */
  parent?: string | undefined;
  /** Trace contexts of what this handles, when it is several things at once. */
  links?: readonly (string | undefined)[];
}

const KINDS = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL };

export async function traced<T>(name: string, options: SpanOptions, work: () => T | Promise<T>): Promise<T> {
  const { kind = 'internal', attributes = {}, parent, links = [] } = options;
  const caller = parseTraceparent(parent);
  const outer = caller ? trace.setSpanContext(ROOT_CONTEXT, caller) : context.active();
  const linked = links.flatMap((link) => parseTraceparent(link) ?? []).map((each) => ({ context: each }));
  return tracer.startActiveSpan(name, { kind: KINDS[kind], attributes, links: linked }, outer, async (span) => {
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, ...(error instanceof Error && { message: error.name }) });
      throw error;
    } finally {
      span.end();
    }
  });
}
