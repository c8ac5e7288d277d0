import { type AwsError, awsError } from '../../model/index.ts';

/** 400: the request's bytes do not have the form that the operation's shapes ask for. */
export function serializationError(message: string): AwsError {
  return awsError('SerializationException', message);
}
