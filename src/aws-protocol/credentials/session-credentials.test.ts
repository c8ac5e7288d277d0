import { expect, test } from 'vitest';
import { ManualClock, randomIds } from '../../base/index.ts';
import { SessionCredentials } from './session-credentials.ts';

const clock = new ManualClock();
const make = (key = 'k'.repeat(32)): SessionCredentials =>
  new SessionCredentials({ masterKey: Buffer.from(key), clock, ids: randomIds });
const request = {
  roleArn: 'arn:aws:iam::123456789012:role/path/worker',
  sessionName: 'my-function',
  durationMs: 60_000,
};

test('what one server issues, another with the same key recognises, with the same secret', () => {
  const issued = make().issue(request);
  const session = make().find(issued.accessKeyId, issued.sessionToken);
  expect(issued.accessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
  expect(session?.secretAccessKey).toBe(issued.secretAccessKey);
  expect(session?.identity).toEqual({
    account: '123456789012',
    arn: 'arn:aws:sts::123456789012:assumed-role/worker/my-function',
    userId: expect.stringMatching(/^AROA[A-Z2-7]{16}:my-function$/) as string,
  });
});

test('a token is worth nothing with another access key, another master key, or changed', () => {
  const sessions = make();
  const issued = sessions.issue(request);
  const token = issued.sessionToken;
  expect(sessions.find('ASIAOTHER', token)).toBeUndefined();
  expect(make('x'.repeat(32)).find(issued.accessKeyId, token)).toBeUndefined();
  expect(sessions.find(issued.accessKeyId, `A${token.slice(1)}`)).toBeUndefined();
  expect(sessions.find(issued.accessKeyId, token.split('.')[0] ?? '')).toBeUndefined();
  expect(sessions.find(issued.accessKeyId, 'x'.repeat(10_000))).toBeUndefined();
});

test('a session expires by the clock', () => {
  const sessions = make();
  const issued = sessions.issue(request);
  const session = sessions.find(issued.accessKeyId, issued.sessionToken);
  if (!session) throw new Error('not found');
  clock.advance(59_999);
  expect(sessions.isExpired(session)).toBe(false);
  clock.advance(1);
  expect(sessions.isExpired(session)).toBe(true);
});
