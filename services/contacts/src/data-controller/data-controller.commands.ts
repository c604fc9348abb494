import { country } from '@fenster/contracts';
import { transact, type EntityManager } from '@fenster/database';
import { checkText, DomainError, invalidInput } from '@fenster/runtime';
import { z } from 'zod';
import type { ContactsContext } from '../context.js';
import { DataController } from './data-controller.entity.js';
import type { SetDataControllerInput } from './data-controller.types.js';

const email = z.email().max(320);

/** From the next document on. @throws DomainError INVALID_INPUT */
export async function setDataController(ctx: ContactsContext, input: SetDataControllerInput): Promise<DataController> {
  const { workspaceId } = ctx.requireActor();
  const name = checkText(input.name, 'name', { max: 200 });
  const address = checkText(input.address, 'address', { max: 500 });
  const privacyOfficer =
    input.privacyOfficer == null ? null : checkText(input.privacyOfficer, 'privacyOfficer', { max: 300 });
  if (!email.safeParse(input.email).success) throw invalidInput('email', 'must be an e-mail address.');
  if (!country.safeParse(input.jurisdiction).success) {
    throw invalidInput('jurisdiction', 'must be a country by ISO 3166-1, such as DE.');
  }
  const { jurisdiction } = input;
  return transact(ctx, async (tx) => {
    const before = await tx.em.findOne(DataController, { workspaceId });
    const said = { workspaceId, name, address, email: input.email, privacyOfficer, jurisdiction, updatedAt: tx.now() };
    tx.audit({
      action: 'data_controller.update',
      object: { type: 'data_controller', id: workspaceId },
      before: { name: before?.name ?? null, jurisdiction: before?.jurisdiction ?? null },
      after: { name, jurisdiction },
    });
    return tx.em.upsert(DataController, said);
  });
}

/** What documents for people need. @throws DomainError DATA_CONTROLLER_MISSING */
export async function requireDataController(em: EntityManager, workspaceId: string): Promise<DataController> {
  const controller = await em.findOne(DataController, { workspaceId });
  if (controller) return controller;
  throw new DomainError(
    'DATA_CONTROLLER_MISSING',
    'Nobody has said who is responsible for the data of this workspace: do that first, with setDataController.',
  );
}
