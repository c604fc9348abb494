import { describe, expect, it } from 'vitest';
import { EVENTS, eventCatalogue } from './catalogue.js';
import { defineEvent, streamOf, subjectOf } from './define-event.js';
import { z } from 'zod';

describe('the event catalogue', () => {
  it('has each event once, under the name of the service that owns it', () => {
    const keys = EVENTS.map((event) => `${event.name}.v${event.version}`);
    expect(new Set(keys).size).toBe(keys.length);
    const services = ['channels', 'conversation', 'contacts', 'billing', 'identity', 'gateway'];
    for (const { name } of EVENTS) expect(services).toContain(streamOf(name));
  });

  it('can describe every event as JSON Schema and in words', () => {
    const { events } = eventCatalogue() as { events: { data: object; description: string }[] };
    expect(events).toHaveLength(EVENTS.length);
    for (const { data, description } of events) {
      const [first] = (data as { oneOf?: object[] }).oneOf ?? [data];
      expect(first).toMatchObject({ type: 'object' });
      expect(description.length).toBeGreaterThan(10);
    }
  });

  it('refuses names that are no <service>.<entity>.<past verb>', () => {
    const define = (name: string) => () =>
      defineEvent({ name, version: 1, dataClass: 'operational', description: '', schema: z.object({}) });
    for (const name of ['message', 'channels.message', 'Channels.message.received', 'channels.message.received.now']) {
      expect(define(name)).toThrow(name);
    }
  });

  it('puts the workspace last in a subject, and nothing personal', () => {
    expect(subjectOf({ name: 'channels.message.received', version: 2 }, 'w')).toBe('channels.message.received.v2.w');
  });
});
