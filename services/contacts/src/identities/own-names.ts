import { sql } from '@fenster/database';

/**
 * Of `identity`, what leads to its contact and to nobody else. Numbers are handed on: whoever got one last has it, and what is
 * said of it is theirs. Usernames tell nobody: anybody can take a free one. A parent BSUID is no longer one contact’s as soon as another
 * has it, too, whoever was first.
 */
export const IS_THEIR_OWN_NAME = sql`identity.kind <> 'USERNAME' and not exists (
  select from contact_identity other
  where other.workspace_id = identity.workspace_id and other.kind = identity.kind and other.value = identity.value
    and other.valid_to is null and other.contact_id <> identity.contact_id
    and not exists (
      select from contact_identity own
      where own.workspace_id = identity.workspace_id and own.kind = identity.kind and own.value = identity.value
        and own.valid_to is null and own.contact_id = identity.contact_id and own.valid_from >= other.valid_from
        and own.kind <> 'PARENT_BSUID'
    )
)`;
