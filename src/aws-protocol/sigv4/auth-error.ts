import { type AwsError, serviceError } from '../../model/index.ts';
import type { Protocol } from '../model/shapes.ts';

/** What is wrong with the credentials of a request. */
export type AuthFault = 'missing' | 'incomplete' | 'unknown-key' | 'mismatch' | 'expired-token';

interface Names {
  readonly json: string;
  readonly query: string;
  readonly message: string;
}

const names: Readonly<Record<AuthFault, Names>> = {
  missing: {
    json: 'MissingAuthenticationTokenException',
    query: 'MissingAuthenticationToken',
    message: 'Missing Authentication Token',
  },
  incomplete: {
    json: 'IncompleteSignatureException',
    query: 'IncompleteSignature',
    message: 'The request signature does not conform to AWS standards.',
  },
  'unknown-key': {
    json: 'UnrecognizedClientException',
    query: 'InvalidClientTokenId',
    message: 'The security token included in the request is invalid.',
  },
  mismatch: {
    json: 'InvalidSignatureException',
    query: 'SignatureDoesNotMatch',
    message:
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  },
  'expired-token': {
    json: 'ExpiredTokenException',
    query: 'ExpiredToken',
    message: 'The security token included in the request is expired',
  },
};

/** Thrown inside the verification; the edge gives it the name and status of the service's protocol. */
export class AuthError extends Error {
  override readonly name = 'AuthError';
  readonly fault: AuthFault;

  constructor(fault: AuthFault, message: string = names[fault].message) {
    super(message);
    this.fault = fault;
  }
}

/** REST-JSON services answer 403 to all of these; the JSON services 400; Query 403 but for an incomplete signature. */
export function authErrorFor(protocol: Protocol, { fault, message }: AuthError): AwsError {
  const { json, query } = names[fault];
  if (protocol === 'query') return serviceError(query, fault === 'incomplete' ? 400 : 403, message);
  return serviceError(json, protocol === 'json' ? 400 : 403, message);
}
