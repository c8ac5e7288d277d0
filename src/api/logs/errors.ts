import { type AwsError, notImplemented, serviceError } from '../../model/index.ts';
import { PatternError, UnsupportedPattern } from '../../telemetry/index.ts';

/** The errors of CloudWatch Logs with the texts of AWS; all of them have status 400. */
export function groupNotFound(): AwsError {
  return serviceError('ResourceNotFoundException', 400, 'The specified log group does not exist.');
}

export function streamNotFound(): AwsError {
  return serviceError('ResourceNotFoundException', 400, 'The specified log stream does not exist.');
}

export function groupExists(): AwsError {
  return serviceError('ResourceAlreadyExistsException', 400, 'The specified log group already exists');
}

export function streamExists(): AwsError {
  return serviceError('ResourceAlreadyExistsException', 400, 'The specified log stream already exists');
}

export function invalidParameter(message: string): AwsError {
  return serviceError('InvalidParameterException', 400, message);
}

export function invalidToken(): AwsError {
  return invalidParameter('The specified nextToken is invalid.');
}

export function tooManyTags(): AwsError {
  return serviceError('TooManyTagsException', 400, 'A resource can have no more than 50 tags.');
}

/** What `parseFilterPattern` throws, as `operation` answers it. */
export function patternError(operation: string, error: unknown): unknown {
  if (error instanceof PatternError) return invalidParameter(error.message);
  if (error instanceof UnsupportedPattern)
    return notImplemented(operation, `filterPattern with ${error.message}`);
  return error;
}
