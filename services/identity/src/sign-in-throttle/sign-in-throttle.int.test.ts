import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { IdentityUnderTest, PASSWORD, type SignInMember } from '../testing/identity-under-test.js';

const START = new Date('2026-11-21T10:00:00Z');
const SIGN_IN = /* GraphQL */ `
  mutation ($email: String!, $password: String!) {
    signIn(email: $email, password: $password) {
      __typename
      ... on UserError {
        code
        message
      }
      ... on TooManyAttempts {
        retryAfterSeconds
      }
    }
  }
`;
const WRONG = {
  __typename: 'InvalidCredentials',
  code: 'INVALID_CREDENTIALS',
  message: 'The e-mail address or the password is wrong.',
};
const tooMany = (retryAfterSeconds: number) => ({
  __typename: 'TooManyAttempts',
  code: 'TOO_MANY_ATTEMPTS',
  message: `Too many attempts. Try again in ${retryAfterSeconds} seconds.`,
  retryAfterSeconds,
});

const identity = new IdentityUnderTest();
let workspaceId: string;
let anna: SignInMember;
beforeAll(async () => {
  await identity.start();
  workspaceId = await identity.workspace();
});
afterAll(() => identity.stop());
beforeEach(async () => {
  identity.now = START;
  anna = await identity.member(workspaceId);
});

const after = (seconds: number) => new Date(START.getTime() + seconds * 1_000);

async function signIn(
  { email, password = PASSWORD }: { email: string; password?: string },
  from: { clientAddress?: string; url?: string } = {},
): Promise<unknown> {
  const { data } = await identity.query(SIGN_IN, { variables: { email, password }, ...from });
  return data!.signIn;
}

async function guess(email: string, times: number): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (let each = 0; each < times; each += 1) answers.push(await signIn({ email, password: `wrong horse ${each}` }));
  return answers;
}

describe('signing in too often', () => {
  it('is refused for a while that grows with each further attempt', async () => {
    expect(await guess(anna.email, 8)).toEqual([WRONG, WRONG, WRONG, WRONG, WRONG, WRONG, tooMany(2), tooMany(2)]);
    identity.now = after(2);
    expect(await guess(anna.email, 2)).toEqual([WRONG, tooMany(4)]);
    identity.now = after(6);
    expect(await guess(anna.email, 2)).toEqual([WRONG, tooMany(8)]);
  });

  it('is answered alike whether or not there is such an account, and whether or not the password is right', async () => {
    const stranger = `nobody-${anna.id}@example.test`;
    expect(await guess(stranger, 7)).toEqual(await guess(anna.email, 7));
    const [wrong, right, unknown] = await Promise.all([
      signIn({ email: anna.email, password: 'wrong horse 1' }),
      signIn({ email: `  ${anna.email.toUpperCase()}` }),
      signIn({ email: stranger }),
    ]);
    expect([wrong, right, unknown]).toEqual([tooMany(2), tooMany(2), tooMany(2)]);
  });

  it('is over in time, and signing in forgets what failed before', async () => {
    await guess(anna.email, 6);
    identity.now = after(2);
    expect(await signIn({ email: anna.email })).toEqual({ __typename: 'Session' });
    expect(await guess(anna.email, 6)).toEqual(Array.from({ length: 6 }, () => WRONG));
  });

  it('counts many at once like one after another', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => signIn({ email: anna.email, password: 'wrong horse 1' })),
    );
    expect(answers.filter((answer) => (answer as { code: string }).code === 'INVALID_CREDENTIALS')).toHaveLength(6);
  });

  it('is not what a first attempt is, however the clock moves on meanwhile', async () => {
    let ticks = START.getTime();
    Object.defineProperty(identity, 'now', { configurable: true, get: () => new Date((ticks += 1)) });
    try {
      expect(await signIn({ email: anna.email })).toEqual({ __typename: 'Session' });
    } finally {
      Object.defineProperty(identity, 'now', { configurable: true, writable: true, value: START });
    }
  });

  it('counts for all processes together', async () => {
    const other = await identity.anotherInstance();
    try {
      await guess(anna.email, 6);
      expect(await signIn({ email: anna.email }, { url: other.url })).toEqual(tooMany(2));
    } finally {
      await other.stop();
    }
  });

  it('counts for a client address as well, whatever accounts it tries, and for no other address', async () => {
    const spray = async (count: number, from: string) => {
      const answers: unknown[] = [];
      for (let each = 0; each < count; each += 1) {
        answers.push(await signIn({ email: `${each}-${from}@example.test` }, { clientAddress: from }));
      }
      return answers;
    };
    expect((await spray(32, '2001:db8::1')).slice(-2)).toEqual([WRONG, tooMany(2)]);
    expect(await signIn({ email: anna.email }, { clientAddress: '2001:db8::2' })).toEqual(tooMany(2));
    expect(await signIn({ email: anna.email }, { clientAddress: '198.51.100.1' })).toEqual({ __typename: 'Session' });
  });

  it('given colleagues who sign in from one address, then it never counts against them', async () => {
    for (let each = 0; each < 35; each += 1) {
      expect(await signIn({ email: anna.email }, { clientAddress: '198.51.100.2' })).toEqual({ __typename: 'Session' });
    }
  });

  it('keeps neither the account nor the address it counts for, and clears away what is forgotten', async () => {
    const rows = () =>
      identity.database.system().execute<{ key: string }[]>('select key from sign_in_attempt order by counted_at');
    await signIn({ email: anna.email, password: 'wrong horse 1' }, { clientAddress: '198.51.100.3' });
    const before = await rows();
    for (const { key } of before) expect(key).toMatch(/^[\w-]{43}$/);
    identity.now = after(2 * 86_400);
    for (let each = 0; each < before.length; each += 1) await signIn({ email: anna.email });
    expect(await rows()).toHaveLength(1);
  });
});

describe('changing one’s password', () => {
  it('is no way around: wrong ones count, and after too many the right one is not looked at', async () => {
    const token = await identity.accessToken(anna);
    const change = async (oldPassword: string) => {
      const { data } = await identity.query(
        `mutation ($old: String!) {
          changePassword(oldPassword: $old, newPassword: "a better horse 2") {
            __typename ... on TooManyAttempts { retryAfterSeconds }
          }
        }`,
        { variables: { old: oldPassword }, token },
      );
      return data!['changePassword'];
    };
    for (let each = 0; each < 6; each += 1) {
      expect(await change(`wrong horse ${each}`)).toEqual({ __typename: 'WrongPassword' });
    }
    expect(await change(PASSWORD)).toEqual({ __typename: 'TooManyAttempts', retryAfterSeconds: 2 });
    expect(await signIn(anna)).toEqual(tooMany(2));
    identity.now = after(3);
    expect(await change(PASSWORD)).toEqual({ __typename: 'Member' });
  });
});
