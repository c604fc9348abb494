import { isDeepStrictEqual } from 'node:util';
import { DATABASES, urlOf, type DatabaseName } from '@fenster/local';
import {
  buildClientSchema,
  getIntrospectionQuery,
  isNonNullType,
  isUnionType,
  type GraphQLSchema,
  type IntrospectionQuery,
} from 'graphql';
import { createClient, type Client } from 'graphql-ws';
import { Agent, request } from 'undici';
import { WebSocket } from 'ws';
import { expect, vi } from 'vitest';
import { idOf, type Contents, type Sight, type WorldObject } from './canaries.js';
import { MUTATIONS, QUERIES, SUBSCRIPTIONS } from './cases.js';
import {
  batchOf,
  EVENT_DEPTH,
  idPositions,
  IS_WHOLE,
  MAX_DEPTH,
  operationOf,
  rootFields,
  selectionOf,
  SHALLOW,
  type IdPosition,
  type RootField,
} from './operations.js';
import { ACTORS, TABLES, type ActorRule, type Kind, type Right } from './rules.js';
import { oldId, type Place, type World } from './world.js';

type Variables = Record<string, unknown>;

/** Something that an answer told and should not have, or a difference that it made and should not have made. */
export interface Finding {
  actor: string;
  /** `gateway`, or the subgraph that was asked directly. */
  where: string;
  field: string;
  problem: string;
  /** What was asked for. */
  asked: string;
  answer: string;
}

/** Somebody who asks: with a token, and with what they may see. */
export interface Asker {
  name: string;
  rule: ActorRule;
  token: string | undefined;
  /** What the gateway makes of it. */
  subgraphToken: string | undefined;
  sight: Sight;
  /** Where they are told more: see {@link TOLD_MORE}. */
  sightAt: Partial<Record<string, Sight>>;
  place: Place;
  /** Selects everything, also of what they must not see: to show what would be told. */
  isThorough?: boolean;
  /** Gathers the columns of which an answer told something that they may see. */
  told?: Set<string>;
}

/**
 * Where more is told than elsewhere, of the asker's own workspace and to those who see these kinds of things at all.
 *
 * - The gateway asks billing only for conversations and contacts that another subgraph has let through, and that one
 *   alone knows the rule (`services/billing/src/ability.ts`). Clients reach the gateway only; there, nothing more is told.
 * - The gateway asks channels only for files of messages that conversation has let through, in the same way.
 * - The audit log names objects of all kinds by their ids, whoever reads it.
 */
export const TOLD_MORE: Readonly<Record<string, { to: Kind; kinds: readonly Kind[] | 'ids' }>> = {
  'billing.Conversation': { to: 'cost', kinds: ['conversation', 'cost'] },
  'billing.Contact': { to: 'cost', kinds: ['contact', 'cost'] },
  'billing.Message': { to: 'cost', kinds: ['conversation', 'cost'] },
  'channels.Media': { to: 'file', kinds: ['file'] },
  'Query.auditLog': { to: 'audit', kinds: 'ids' },
};

export interface Schemas {
  public: GraphQLSchema;
  subgraphs: Record<DatabaseName, GraphQLSchema>;
}

/** Unless it is the whole matrix: the owner of another workspace asks everywhere, and each of the others at a quarter of the places. */
const TURNS = IS_WHOLE ? 1 : 4;
const TAKE_TURNS = Object.keys(ACTORS).slice(1);

const agent = new Agent({ connections: 8, keepAliveTimeout: 10_000 });
const CONCURRENCY = 8;
const ALIASES = 10;
const REPRESENTATIONS = 100;
const UNKNOWN_IDS = IS_WHOLE ? 2 : 1;
const FEW = IS_WHOLE ? 2 : 1;
/** Of one kind, those that are alike to the asker. */
const ALIKE = IS_WHOLE ? Infinity : 3;
/** Who has been told nothing for so long will not be told any more. */
const SILENCE_MS = 60_000;
/** Characters of an answer in a finding. */
const SHOWN = 1_000;
/** Ids of so many kinds that do not belong in a place are tried there. */
const OTHER_KINDS = IS_WHOLE ? 16 : 8;
/** What whoever sees it may end, or mark as read, for themselves. */
const MARKED_BY_ANYBODY: readonly string[] = ['identity.session', 'conversation.conversation', 'conversation.note'];
const IDS = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

export async function readSchemas(world: World): Promise<Schemas> {
  const read = async (url: string): Promise<GraphQLSchema> => {
    const { body } = await post(url, undefined, getIntrospectionQuery(), {});
    return buildClientSchema((JSON.parse(body) as { data: IntrospectionQuery }).data);
  };
  const subgraphs = await Promise.all(
    DATABASES.map(async (service) => [service, await read(subgraphUrl(world, service))] as const),
  );
  return {
    public: await read(world.stack.graphqlUrl),
    subgraphs: Object.fromEntries(subgraphs) as Schemas['subgraphs'],
  };
}

const subgraphUrl = ({ stack }: World, service: DatabaseName) => `${urlOf(stack.deployment, service)}/graphql`;

/** Says of each root field without a case how to write one, and of each case without a field that it can go. */
export function missingCases(schema: GraphQLSchema): string[] {
  const cases = { query: QUERIES, mutation: MUTATIONS, subscription: SUBSCRIPTIONS };
  const fields = rootFields(schema);
  const missing = fields
    .filter(({ kind, name }) => !cases[kind][name])
    .map(
      ({ kind, name, field }) =>
        `${name} has no case: nobody has checked who may see what it answers. Add '${name}' to ` +
        `${kind.toUpperCase()} cases in test/permissions/cases.ts: ` +
        (field.args.length === 0
          ? "'{}' will do."
          : `variables for (${field.args.map((each) => each.name).join(', ')}) from the objects of a place.`) +
        (kind === 'mutation' ? ' Say in `needs` who may.' : ''),
    );
  const known = new Set(fields.map(({ name }) => name));
  const stale = Object.values(cases).flatMap((each) => Object.keys(each).filter((name) => !known.has(name)));
  return [...missing, ...stale.map((name) => `${name} does not exist any more: remove its case.`)];
}

/** An object of each kind and workspace: enough to ask every field for an id of every kind. */
export function oneOfEach(objects: readonly WorldObject[]): WorldObject[] {
  // A dead letter is one in whatever service.
  const groups = Map.groupBy(objects, ({ table, place }) => `${table.slice(table.indexOf('.'))} ${place}`);
  return [...groups.values()].flatMap((group) => group.slice(0, 1));
}

export class Matrix {
  readonly findings: Finding[] = [];
  /** How many questions were asked. */
  probes = 0;
  readonly #judged = new Map<Sight, Map<string, readonly string[]>>();
  readonly #operations = new Map<string, string>();
  /** The places in arguments, in the order in which they were come to: each begins with other askers and kinds. */
  readonly #turns = new Map<string, number>();
  /** By id: what a conversation costs, billing keeps under the same one. */
  readonly #markedByAnybody: ReadonlySet<string>;

  constructor(
    readonly world: World,
    readonly schemas: Schemas,
    readonly contents: Contents,
  ) {
    const marked = contents.objects.filter(({ table }) => MARKED_BY_ANYBODY.includes(table));
    this.#markedByAnybody = new Set(marked.map(({ id }) => id));
  }

  /** Every query at the gateway, or those that are named, with ids of all kinds. */
  async queries(asker: Asker, named?: readonly string[]): Promise<void> {
    const tasks = rootFields(this.schemas.public)
      .filter(({ kind, name }) => kind === 'query' && (named?.includes(name) ?? true))
      .flatMap((root) => this.#queryTasks(asker, root));
    await concurrently(tasks);
  }

  #queryTasks(asker: Asker, root: RootField): Task[] {
    const { variables = () => ({}), attempts } = QUERIES[root.name] ?? {};
    const { here, elsewhere } = this.world;
    const whole = distinct([
      variables(here),
      variables(elsewhere),
      ...(attempts?.(here) ?? []),
      ...(attempts?.(elsewhere) ?? []),
    ]);
    return [
      ...whole.map((each): Task => async () => {
        const body = await this.#ask(asker, root, each);
        this.#judge(asker, asker.sightAt[root.name] ?? asker.sight, {
          where: 'gateway',
          field: root.name,
          asked: JSON.stringify(each),
          answer: body,
        });
      }),
      ...this.#positionsFor(asker, root, QUERIES[root.name]).map(
        (position): Task =>
          () =>
            this.#positionTask(asker, root, position),
      ),
    ];
  }

  async #positionTask(asker: Asker, root: RootField, position: IdPosition): Promise<void> {
    const { variables = () => ({}) } = QUERIES[root.name] ?? {};
    const own = variables(asker.place);
    // What clients never come to know is asked for of one workspace.
    const objects = this.contents.objects.filter(({ table, place }) => table in TABLES || place === 'here');
    const sight = asker.sightAt[root.name] ?? asker.sight;
    const ask = async (asked: readonly Asked[], depth: number) => {
      const answers: string[] = [];
      if (isNonNullType(root.field.type)) {
        await concurrently(
          asked.map(({ id }, index) => async () => {
            answers[index] = await this.#ask(asker, root, position.put(own, id), depth);
          }),
        );
      } else {
        for (const chunk of chunks(asked, ALIASES)) {
          const each = chunk.map(({ id }) => position.put(own, id));
          answers.push(...(await this.#askAtOnce(asker, root, each, depth)));
        }
      }
      this.#compare(asker, sight, { where: 'gateway', field: `${root.name}(${position.name})` }, asked, answers);
    };
    const [seen, unseen] = partition(this.#share(asker, root, position, own, objects), (object) => sight.has(object));
    if (seen.length > 0) await ask(asks(seen), MAX_DEPTH);
    await ask(asks(unseen), asker.isThorough ? MAX_DEPTH : SHALLOW);
  }

  /** Every mutation at the gateway, by those who may not. */
  async mutations(asker: Asker, which: 'public' | 'others', except: readonly string[] = []): Promise<void> {
    const tasks = rootFields(this.schemas.public)
      .filter(({ kind, name }) => kind === 'mutation' && (MUTATIONS[name]?.needs === 'secret') === (which === 'public'))
      .filter(({ name }) => !except.includes(name))
      .flatMap((root) => this.#mutationTasks(asker, root));
    await concurrently(tasks);
  }

  #mutationTasks(asker: Asker, root: RootField): Task[] {
    const test = MUTATIONS[root.name];
    if (!test) return [];
    const { needs, variables, refused, unchecked = [] } = test;
    const { rights } = asker.rule;
    const { here } = this.world;
    const whole = refused ?? variables;
    const ask = async (given: Variables) => {
      const body = await this.#ask(asker, root, given);
      this.#judge(asker, asker.sight, {
        where: 'gateway',
        field: root.name,
        asked: JSON.stringify(given),
        answer: body,
      });
    };
    if (needs === 'secret') return [() => ask(whole(here))];
    const may = mayUse(asker.rule, needs);
    const does = may && needs !== 'own';
    const positions = this.#positionsFor(asker, root, { unchecked: may ? unchecked : [] });
    const mayTake = (object: WorldObject) => {
      if (!may) return false;
      if (does || rights.does === 'everything') return asker.sight.has(object);
      if (object.table === 'identity.member') return object.id === this.#memberIdOf(asker);
      return this.#markedByAnybody.has(object.id) && asker.sight.has(object);
    };
    return [
      ...(may ? [] : [() => ask(whole(asker.place))]),
      ...(may && (asker.place === here || positions.length === 0) ? [] : [() => ask(whole(here))]),
      ...positions.map((position): Task => async () => {
        const given = whole(asker.place);
        const objects = this.contents.objects.filter((object) => !mayTake(object));
        const sharers = namesOfThose((rule) => mayUse(rule, needs));
        const asked = asks(
          may ? this.#share(asker, root, position, given, objects, sharers) : this.#ofTheApi.slice(0, FEW),
        );
        const answers: string[] = [];
        await concurrently(
          asked.map(({ id }, index) => async () => {
            answers[index] = await this.#ask(asker, root, position.put(whole(asker.place), id), SHALLOW);
          }),
        );
        const sent = JSON.stringify(given);
        const everything = { where: 'gateway', field: `${root.name}(${position.name})`, sent };
        this.#compare(asker, asker.sight, everything, asked, answers, (object) => !may || !asker.sight.has(object));
      }),
    ];
  }

  /** Where this one asks for ids. */
  #positionsFor(
    { name: asker }: Asker,
    { name: rootName, field }: RootField,
    { unchecked = [] }: { unchecked?: readonly string[] } = {},
  ): IdPosition[] {
    const index = TAKE_TURNS.indexOf(asker);
    return idPositions(field).filter(({ name }) => {
      if (unchecked.includes(name)) return false;
      const turn = this.#turnOf(rootName, name);
      return index < 0 || index % TURNS === turn % TURNS;
    });
  }

  #turnOf(rootName: string, position: string): number {
    const where = `${rootName}(${position})`;
    const turn = this.#turns.get(where) ?? this.#turns.size;
    this.#turns.set(where, turn);
    return turn;
  }

  /**
   * Of these objects: all of the kind that belongs in this place, and some of other kinds, each of which has its turn in
   * one place or another. Of those, who may ask at all take turns as well, so that each is asked for by one of them; who
   * is turned away learns nothing from a third id.
   */
  #share(
    { name, rule, told, isThorough }: Asker,
    root: RootField,
    position: IdPosition,
    own: Variables,
    objects: readonly WorldObject[],
    sharers = namesOfThose((each) => !each.isTurnedAway),
  ): readonly WorldObject[] {
    if (rule.isTurnedAway) return objects.slice(0, FEW);
    const usual = this.contents.objects.find(({ id }) => id === position.get(own))?.table;
    const belonging = objects.filter(({ table }) => table === usual);
    // Who shows what there is to see has nothing to show by ids that do not belong here.
    if (told) return belonging.slice(0, ALIKE);
    if (isThorough && !IS_WHOLE) {
      return [...Map.groupBy(belonging, ({ place }) => place).values()].flatMap((alike) => alike.slice(0, ALIKE));
    }
    const first = this.#turnOf(root.name, position.name) * OTHER_KINDS;
    const kinds = oneOfEach(objects.filter(({ table }) => table !== usual));
    const others = kinds.length > OTHER_KINDS ? [...kinds, ...kinds].splice(first % kinds.length, OTHER_KINDS) : kinds;
    const turn = sharers.indexOf(name);
    const ofTheirs = belonging.filter(({ place }) => place === rule.token?.place);
    const foreign = belonging.filter(({ place }) => place !== rule.token?.place);
    return [
      ...ofTheirs,
      ...foreign.slice(0, ALIKE),
      ...others.filter((_, index) => turn < 0 || index % sharers.length === turn),
    ];
  }

  /** What clients come to know, of here. */
  get #ofTheApi(): readonly WorldObject[] {
    return this.contents.objects.filter(({ table, place }) => table in TABLES && place === 'here');
  }

  #memberIdOf({ rule: { token }, place }: Asker): string | undefined {
    return token && idOf(place, token.who);
  }

  /** Every entity of every subgraph by ids of all kinds, asked at the subgraph directly. */
  async references(asker: Asker, services: readonly DatabaseName[] = DATABASES): Promise<void> {
    const tasks = services.flatMap((service) => {
      const union = this.schemas.subgraphs[service].getType('_Entity');
      const types = isUnionType(union) ? union.getTypes() : [];
      return types.map(
        (type): Task =>
          () =>
            this.#reference(asker, service, type.name),
      );
    });
    await concurrently(tasks);
  }

  async #reference(asker: Asker, service: DatabaseName, typeName: string): Promise<void> {
    const schema = this.schemas.subgraphs[service];
    const selection = selectionOf(schema, schema.getType(typeName)!);
    const query = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on ${typeName} ${selection} } }`;
    const asked = asks(this.#referable(typeName));
    this.probes += asked.length;
    const answers: string[] = [];
    for (const chunk of chunks(asked, REPRESENTATIONS)) {
      const r = chunk.map(({ id }) => ({ __typename: typeName, id }));
      const { status, body } = await post(subgraphUrl(this.world, service), asker.subgraphToken, query, { r });
      const paths = chunk.map((_, index) => ['_entities', index]);
      answers.push(...piecesOf(status, body, paths));
    }
    const field = `${service}.${typeName}`;
    const sight = asker.sightAt[field] ?? asker.sight;
    this.#compare(asker, sight, { where: service, field }, asked, answers, (object) => !sight.has(object));
  }

  /** Unless it is the whole matrix: all that is of this type in whatever service, and one of each other kind. */
  #referable(typeName: string): readonly WorldObject[] {
    const { objects } = this.contents;
    if (IS_WHOLE) return objects;
    const table = typeName.replaceAll(/(?!^)[A-Z]/g, '_$&').toLowerCase();
    return [...new Set([...objects.filter((object) => object.table.endsWith(`.${table}`)), ...oneOfEach(objects)])];
  }

  /** Opens every subscription at the gateway, for everything and for ids of all kinds. */
  listen(asker: Asker): Listener {
    const listener = new Listener(asker, this.world.stack.graphqlUrl);
    for (const root of rootFields(this.schemas.public).filter(({ kind }) => kind === 'subscription')) {
      const { variables = () => ({}), attempts } = SUBSCRIPTIONS[root.name] ?? {};
      const own = variables(asker.place);
      // All of them lead to the same objects: one has to show everything of these.
      for (const whole of distinct([own, variables(this.world.here), ...(attempts?.(this.world.here) ?? [])])) {
        listener.subscribe(root.name, undefined, this.#operation(root, whole === own ? EVENT_DEPTH : SHALLOW), whole);
      }
      for (const position of this.#positionsFor(asker, root, SUBSCRIPTIONS[root.name])) {
        for (const asked of asks(this.#share(asker, root, position, own, this.#ofTheApi))) {
          const operation = this.#operation(root, SHALLOW);
          listener.subscribe(`${root.name}(${position.name})`, asked, operation, position.put(own, asked.id));
        }
      }
    }
    this.probes += listener.transcripts.length;
    return listener;
  }

  /** What came on the sockets, by what is known of it afterwards. */
  judge({ asker, transcripts }: Listener, sight: Sight): void {
    for (const [field, found] of Map.groupBy(transcripts, (transcript) => transcript.field)) {
      const where = 'gateway';
      for (const { lines, variables } of found) {
        for (const answer of lines)
          this.#judge(asker, sight, { where, field, asked: JSON.stringify(variables), answer });
      }
      const several = found.filter((transcript) => transcript.asked);
      if (several.length === 0) continue;
      const answers = several.map(({ lines }) => lines.join('\n').replaceAll(/"cursor":"[^"]*"/g, '"cursor":"…"'));
      const asked = several.map((transcript) => transcript.asked!);
      this.#compare(asker, sight, { where, field }, asked, answers);
    }
  }

  /** What one query or mutation answers. */
  async ask(asker: Asker, field: string, variables: Variables): Promise<{ data: Variables | null; errors?: unknown }> {
    const root = rootFields(this.schemas.public).find(({ name }) => name === field)!;
    const answer = await this.#ask(asker, root, variables);
    this.#judge(asker, asker.sight, { where: 'gateway', field, asked: JSON.stringify(variables), answer });
    return JSON.parse(answer.slice(answer.indexOf('{'))) as { data: Variables | null; errors?: unknown };
  }

  async #ask(asker: Asker, root: RootField, variables: Variables, depth = MAX_DEPTH): Promise<string> {
    this.probes += 1;
    const query = this.#operation(root, depth);
    const { status, body } = await post(this.world.stack.graphqlUrl, asker.token, query, variables);
    return `${status} ${body}`;
  }

  #operation(root: RootField, depth: number): string {
    const key = `${root.name} ${depth}`;
    const known = this.#operations.get(key) ?? operationOf(this.schemas.public, root, depth);
    this.#operations.set(key, known);
    return known;
  }

  async #askAtOnce(asker: Asker, root: RootField, each: readonly Variables[], depth: number): Promise<string[]> {
    this.probes += each.length;
    const query = batchOf(this.schemas.public, root, each.length, depth);
    const variables = Object.fromEntries(
      each.flatMap((given, index) => Object.entries(given).map(([name, value]) => [`${name}${index}`, value])),
    );
    const { status, body } = await post(this.world.stack.graphqlUrl, asker.token, query, variables);
    return piecesOf(
      status,
      body,
      each.map((_, index) => [`p${index}`]),
    );
  }

  /** Nothing in any answer that must not be told; and what must not be told of is answered like what does not exist. */
  #compare(
    asker: Asker,
    sight: Sight,
    { where, field, sent = '' }: Pick<Finding, 'where' | 'field'> & { sent?: string },
    asked: readonly Asked[],
    answers: readonly string[],
    isForbidden: (object: WorldObject) => boolean = (object) => !sight.has(object),
  ): void {
    const own = sent.match(IDS) ?? [];
    const plain = answers.map((answer, index) => {
      const echoed = own.reduce((text, id) => text.replaceAll(id, '<asked>'), answer);
      return withoutTraces(echoed, asked[index]!.id);
    });
    const missing = plain[asked.findIndex(({ object }) => object === undefined)]!;
    asked.forEach(({ id, object }, index) => {
      const answer = plain[index]!;
      // What one has sent oneself, an answer may repeat.
      const name = `${object ? `${object.table} ${object.place} ${id}` : `nothing ${id}`} ${sent}`;
      this.#judge(asker, sight, { where, field, asked: name, answer });
      if ((object === undefined || isForbidden(object)) && !isDeepStrictEqual(answer, missing)) {
        this.#report(
          asker,
          { where, field, asked: name, answer },
          `differs from the answer for what does not exist: ${missing}`,
        );
      }
    });
  }

  #judge(asker: Asker, sight: Sight, answer: Omit<Finding, 'actor' | 'problem'>): void {
    let judged = this.#judged.get(sight);
    if (!judged) this.#judged.set(sight, (judged = new Map()));
    let told = judged.get(answer.answer);
    if (!told) {
      judged.set(answer.answer, (told = sight.forbiddenIn(answer.answer)));
      if (asker.told) for (const column of sight.columnsIn(answer.answer)) asker.told.add(column);
    }
    const asked = told.filter((text) => !answer.asked.includes(text));
    if (asked.length > 0) this.#report(asker, answer, `tells ${asked.join(', ')}`);
  }

  #report(asker: Asker, answer: Omit<Finding, 'actor' | 'problem'>, problem: string): void {
    this.findings.push({ actor: asker.name, ...answer, answer: answer.answer.slice(0, SHOWN), problem });
  }
}

/** One socket with a subscription for each id, and all that came on them. */
export class Listener {
  /** None if the gateway did not let them in. */
  closeCode: number | undefined;
  readonly #client: Client;
  readonly #transcripts: Transcript[] = [];

  constructor(
    readonly asker: Asker,
    url: string,
  ) {
    this.#client = createClient({
      url: url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      lazyCloseTimeout: 60_000,
      ...(asker.token && { connectionParams: { authorization: `Bearer ${asker.token}` } }),
      on: { closed: (event) => (this.closeCode = (event as { code: number }).code) },
    });
  }

  get transcripts(): readonly Transcript[] {
    return this.#transcripts;
  }

  subscribe(field: string, asked: Asked | undefined, query: string, variables: Variables): void {
    const transcript: Transcript = { field, asked, variables, lines: [], hasEnded: false };
    this.#transcripts.push(transcript);
    this.#client.subscribe(
      { query, variables },
      {
        next: (result) => {
          const line = JSON.stringify(result);
          // That a service did not answer for a moment is nobody's secret, and not the same for everybody.
          if (!line.includes('"EVENTS_MAY_BE_MISSING"')) transcript.lines.push(line);
        },
        error: (error) => {
          transcript.lines.push(`error ${JSON.stringify(error)}`);
          transcript.hasEnded = true;
        },
        complete: () => (transcript.hasEnded = true),
      },
    );
  }

  /** All that happened before has been told. */
  async isLive(): Promise<void> {
    await this.#untilTold(() => {
      const waiting = this.#transcripts.filter(
        ({ hasEnded, lines }) => !hasEnded && !lines.some((line) => /LiveStarted"|"(?:asOf|countedAt)"/.test(line)),
      );
      expect(waiting).toEqual([]);
    });
  }

  /** This has been told on the subscription to everything in the inbox. */
  async hears(text: string): Promise<void> {
    const inbox = this.#transcripts.find(({ field }) => field === 'Subscription.inboxEvents')!;
    await this.#untilTold(() => expect(inbox.lines.some((line) => line.includes(text))).toBe(true));
  }

  /** However long it takes a loaded machine to tell all of it, unless nothing more comes. */
  async #untilTold(check: () => void): Promise<void> {
    for (;;) {
      const heard = this.#heard;
      try {
        return await vi.waitFor(check, SILENCE_MS);
      } catch (error) {
        if (heard === this.#heard) throw error;
      }
    }
  }

  get #heard(): number {
    return this.#transcripts.reduce((count, { lines }) => count + lines.length, 0);
  }

  async stop(): Promise<void> {
    await this.#client.dispose();
  }
}

interface Transcript {
  field: string;
  asked: Asked | undefined;
  variables: Variables;
  lines: string[];
  hasEnded: boolean;
}

interface Asked {
  id: string;
  /** None for an id that nothing has. */
  object?: WorldObject;
}

function asks(objects: readonly WorldObject[]): Asked[] {
  const unknown = Array.from({ length: UNKNOWN_IDS }, () => ({ id: oldId() }));
  return [...unknown, ...objects.map((object) => ({ id: object.id, object }))];
}

/** The answer as if anything had been asked for, at any place and time. */
function withoutTraces(answer: string, id: string): string {
  return answer
    .replaceAll(id, '<asked>')
    .replaceAll(/"correlationId":"[^"]*"/g, '"correlationId":"…"')
    .replaceAll(/"locations":\[[^\]]*\],?/g, '');
}

/** What an answer to several questions says to each of them. */
function piecesOf(status: number, body: string, paths: readonly (readonly (string | number)[])[]): string[] {
  const {
    data,
    errors = [],
    ...rest
  } = JSON.parse(body) as {
    data?: Record<string, unknown> | null;
    errors?: { path?: (string | number)[] }[];
  };
  return paths.map((path) => {
    const value = path.reduce<unknown>(
      (at, key) => (at as Record<string | number, unknown> | null | undefined)?.[key],
      data,
    );
    const own = errors.flatMap(({ path: place, ...error }) => {
      if (place && path.some((key, index) => place[index] !== key)) return [];
      return [{ ...error, path: place?.slice(path.length) }];
    });
    return `${status} ${JSON.stringify({ ...rest, value, errors: own })}`;
  });
}

async function post(
  url: string,
  token: string | undefined,
  query: string,
  variables: Variables,
): Promise<{ status: number; body: string }> {
  // On a loaded machine: no answer yet. Asked again at once, it would be more loaded still.
  return vi.waitFor(
    async () => {
      const answer = await postOnce(url, token, query, variables);
      expect(answer.body).not.toContain('"UNAVAILABLE"');
      return answer;
    },
    { timeout: 60_000, interval: 1_000 },
  );
}

async function postOnce(
  url: string,
  token: string | undefined,
  query: string,
  variables: Variables,
): Promise<{ status: number; body: string }> {
  const { statusCode, body } = await request(url, {
    dispatcher: agent,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  });
  return { status: statusCode, body: await body.text() };
}

type Task = () => Promise<void>;

async function concurrently(tasks: readonly Task[]): Promise<void> {
  const queue = [...tasks];
  const work = async () => {
    for (let task = queue.shift(); task; task = queue.shift()) await task();
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}

function mayUse({ rights, isTurnedAway }: ActorRule, needs: Right | 'own' | 'secret'): boolean {
  if (needs === 'own') return !isTurnedAway;
  return needs !== 'secret' && (rights.does === 'everything' || rights.does.includes(needs));
}

function namesOfThose(is: (rule: ActorRule) => boolean): string[] {
  return Object.entries<ActorRule>(ACTORS).flatMap(([name, rule]) => (is(rule) ? [name] : []));
}

function distinct(wholes: readonly Variables[]): Variables[] {
  return wholes.filter((whole, index) => wholes.findIndex((one) => isDeepStrictEqual(one, whole)) === index);
}

function partition<T>(items: readonly T[], is: (item: T) => boolean): [T[], T[]] {
  return [items.filter((item) => is(item)), items.filter((item) => !is(item))];
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
