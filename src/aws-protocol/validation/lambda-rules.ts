import { awsError } from '../../model/index.ts';
import type { OperationModel } from '../model/shapes.ts';
import type { ParsedStructure } from '../request/parse-json-value.ts';

const LONGEST_NAME_CHARS = 64;

/**
 * A plain name has a limit of its own, which AWS Lambda words like a constraint of the model but checks after them, and
 * answers as InvalidParameterValueException (recorded from AWS). A name inside an ARN has the ARN's limit.
 */
export function checkLambdaRules(operation: OperationModel, { FunctionName: name }: ParsedStructure): void {
  if (operation.name !== 'CreateFunction' || typeof name !== 'string') return;
  if (name.includes(':') || name.length <= LONGEST_NAME_CHARS) return;
  throw awsError(
    'InvalidParameterValueException',
    `1 validation error detected: Value '${name}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to ${LONGEST_NAME_CHARS}`,
  );
}
