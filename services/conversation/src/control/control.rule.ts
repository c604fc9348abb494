import type { ActorRef, Controller, ControlChanged } from '@fenster/contracts';
import { DomainError } from '@fenster/runtime';

export interface ControlState {
  /** Null for nobody in particular: whoever comes first answers. */
  controller: Controller | null;
  offeredTo: Controller | null;
}
type Who = Pick<ActorRef, 'kind' | 'id'>;

export type ControlAction =
  | { kind: 'offer'; to: Controller }
  | { kind: 'accept' }
  | { kind: 'decline' }
  | { kind: 'release' }
  | { kind: 'take_over' };

export interface ControlStep extends ControlState {
  change: ControlChanged['change'];
}

export const NOBODY: ControlState = { controller: null, offeredTo: null };

/** Whether somebody is the controller, or one of those that it stands for. */
export function isOneOf(controller: Controller | null, { kind, id }: Who): boolean {
  if (!controller) return false;
  return controller.kind === 'human' ? kind === 'member' : controller.kind === kind && controller.id === id;
}

export function isSame(one: Controller | null, other: Controller | null): boolean {
  return one?.kind === other?.kind && idOf(one) === idOf(other);
}

export function idOf(controller: Controller | null): string | null {
  return controller && controller.kind !== 'human' ? controller.id : null;
}

/**
 * Exactly one side answers: while people have control no program sends, while a program has it nobody else does. Rules
 * of Fenster itself, such as an away message, answer nobody.
 * @throws DomainError NOT_IN_CONTROL
 */
export function checkControl<C extends Pick<ControlState, 'controller'>>(control: C, sender: Who): void {
  const { controller } = control;
  if (controller === null || isOneOf(controller, sender) || sender.kind === 'system') return;
  throw new DomainError(
    'NOT_IN_CONTROL',
    controller.kind === 'human'
      ? 'People answer this conversation. A program may be offered control.'
      : 'A program answers this conversation. Take control over, with a reason, to answer yourself.',
    { details: { control } },
  );
}

/**
 * What an action makes of who has control; undefined if that is so already.
 * @throws DomainError NOT_IN_CONTROL, NO_OFFER, ONLY_PEOPLE
 */
export function stepControl(state: ControlState, action: ControlAction, actor: Who): ControlStep | undefined {
  const { controller, offeredTo } = state;
  switch (action.kind) {
    case 'offer':
      checkControl(state, actor);
      if (isSame(action.to, controller)) {
        throw new DomainError('NO_OFFER', 'Who is offered control has it already.', { field: 'to' });
      }
      return { controller, offeredTo: action.to, change: 'offered' };
    case 'accept':
      if (!isOneOf(offeredTo, actor)) throw noOffer();
      return { controller: offeredTo, offeredTo: null, change: 'accepted' };
    case 'decline': {
      if (offeredTo === null) throw noOffer();
      if (isOneOf(offeredTo, actor)) return { controller, offeredTo: null, change: 'declined' };
      checkControl(state, actor);
      return { controller, offeredTo: null, change: 'withdrawn' };
    }
    case 'release':
      checkControl(state, actor);
      return controller === null ? undefined : { ...NOBODY, change: 'released' };
    case 'take_over':
      if (actor.kind !== 'member') {
        throw new DomainError('ONLY_PEOPLE', 'A program cannot take control over: it is offered control.');
      }
      return controller?.kind === 'human' ? undefined : { controller: HUMAN, offeredTo: null, change: 'taken_over' };
  }
}

/** A program is gone: it neither keeps control nor can it be offered any. Undefined if it was not involved. */
export function withoutProgram(state: ControlState, program: Controller): ControlStep | undefined {
  const controller = isSame(state.controller, program) ? null : state.controller;
  const offeredTo = isSame(state.offeredTo, program) ? null : state.offeredTo;
  if (controller === state.controller && offeredTo === state.offeredTo) return undefined;
  return { controller, offeredTo, change: 'removed' };
}

const HUMAN: Controller = { kind: 'human' };

export function noOffer(): DomainError {
  return new DomainError('NO_OFFER', 'Control is not offered to you, or not any more.');
}
