import { type AwsError, serviceError } from '../../model/index.ts';

/** IAM's errors by their codes on the wire, with the texts of AWS. */
export function noSuchEntity(message: string): AwsError {
  return serviceError('NoSuchEntity', 404, message);
}

export function entityAlreadyExists(message: string): AwsError {
  return serviceError('EntityAlreadyExists', 409, message);
}

export function deleteConflict(message: string): AwsError {
  return serviceError('DeleteConflict', 409, message);
}

export function limitExceeded(message: string): AwsError {
  return serviceError('LimitExceeded', 409, message);
}

export function malformedPolicyDocument(message: string): AwsError {
  return serviceError('MalformedPolicyDocument', 400, message);
}

export function invalidInput(message: string): AwsError {
  return serviceError('InvalidInput', 400, message);
}

export function validationError(message: string): AwsError {
  return serviceError('ValidationError', 400, message);
}
