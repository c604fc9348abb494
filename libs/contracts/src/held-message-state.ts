import { z } from 'zod';

/** HELD: it waits for approval. All others are its end. */
export const heldMessageState = z.enum(['HELD', 'RELEASED', 'DECLINED', 'WITHDRAWN', 'EXPIRED']);
export type HeldMessageState = z.infer<typeof heldMessageState>;
