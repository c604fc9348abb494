import type { Stack } from '@fenster/local';
import { signIn } from './api-client.js';

type DemoStack = Pick<Stack, 'demo' | 'graphqlUrl'>;

/** Who has the role in the demo workspace. */
export function demoMember({ demo }: Pick<DemoStack, 'demo'>, role: string): DemoStack['demo']['members'][number] {
  const member = demo.members.find((each) => each.role === role);
  if (!member) throw new Error(`Nobody of the demo workspace is ${role}.`);
  return member;
}

/** Resolves to an access token. */
export function signInAs(stack: DemoStack, role: string): Promise<string> {
  return signIn(stack.graphqlUrl, demoMember(stack, role));
}
