import { type AwsError, awsError, limits } from '../../model/index.ts';
import type { OperationModel, ScalarShape } from '../model/shapes.ts';
import type { ParsedStructure } from '../request/parse-json-value.ts';

/**
 * Three constraints that AWS Lambda words like the model's but checks in the service itself, after them, and answers
 * as InvalidParameterValueException (recorded from AWS).
 */
export function checkLambdaRules(operation: OperationModel, input: ParsedStructure): void {
  if (operation.name !== 'CreateFunction' && operation.name !== 'UpdateFunctionConfiguration') return;
  const error = nameTooLong(operation, input) ?? unknownRuntime(operation, input) ?? memoryTooLarge(input);
  if (error) throw error;
}

const LONGEST_NAME_CHARS = 64;

/** A name inside an ARN has the ARN's own limit. */
function nameTooLong(
  operation: OperationModel,
  { FunctionName: name }: ParsedStructure,
): AwsError | undefined {
  if (operation.name !== 'CreateFunction' || typeof name !== 'string') return undefined;
  if (name.includes(':') || name.length <= LONGEST_NAME_CHARS) return undefined;
  return awsError(
    'InvalidParameterValueException',
    `1 validation error detected: Value '${name}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to ${LONGEST_NAME_CHARS}`,
  );
}

function unknownRuntime(
  operation: OperationModel,
  { Runtime: runtime }: ParsedStructure,
): AwsError | undefined {
  const shape = operation.input?.members.find((member) => member.name === 'Runtime')?.shape as
    | ScalarShape
    | undefined;
  if (typeof runtime !== 'string' || shape?.values === undefined) return undefined;
  if (shape.values.includes(runtime) || shape.accepts?.includes(runtime)) return undefined;
  return awsError(
    'InvalidParameterValueException',
    `Value ${runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [${shape.values.join(', ')}] or be a valid ARN`,
  );
}

/** The model's 32,768 MB are for managed instances only. */
function memoryTooLarge({
  MemorySize: memory,
  CapacityProviderConfig: provider,
}: ParsedStructure): AwsError | undefined {
  const { max } = limits.memoryMiB;
  if (typeof memory !== 'number' || memory <= max || provider !== undefined) return undefined;
  return awsError(
    'InvalidParameterValueException',
    `'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to ${max}`,
  );
}
