import { type AwsError, awsError, serviceError } from '../../model/index.ts';
import { isScalar } from '../model/link-shapes.ts';
import type { ServiceName } from '../model/service-model.ts';
import type { ListShape, MapShape, OperationModel, Shape, StructureShape } from '../model/shapes.ts';
import type { ParsedStructure } from '../request/parse-json-value.ts';
import { notNull, sizeViolations, violatedByAny, violatedRules } from './constraints.ts';
import { describeValue, fieldOf } from './describe.ts';
import { checkLambdaRules } from './lambda-rules.ts';

/** AWS gives a long list too; a hostile body must not make a message of megabytes. */
const MOST_VIOLATIONS = 50;

/**
 * Checks an input against the model's constraints; throws one error that names every violation in AWS's words:
 * `2 validation errors detected: Value '0' at 'timeout' failed to satisfy constraint: Member must …; Value …`.
 * Lambda and Application Auto Scaling call it ValidationException, Logs and ECR InvalidParameterException, STS and IAM
 * ValidationError, X-Ray InvalidRequestException.
 */
export function validateInput(service: ServiceName, operation: OperationModel, input: ParsedStructure): void {
  const violations: string[] = [];
  if (operation.input) checkStructure(operation.input, input, '', violations);
  if (violations.length > 0) throw validationError(service, violations);
  if (service === 'lambda') checkLambdaRules(operation, input);
}

const invalidCodes: Readonly<Record<Exclude<ServiceName, 'lambda'>, string>> = {
  logs: 'InvalidParameterException',
  'application-autoscaling': 'ValidationException',
  sts: 'ValidationError',
  iam: 'ValidationError',
  ecr: 'InvalidParameterException',
  xray: 'InvalidRequestException',
  ec2: 'InvalidParameterValue',
};

function validationError(service: ServiceName, violations: readonly string[]): AwsError {
  const noun = violations.length === 1 ? 'error' : 'errors';
  const text = `${violations.length} validation ${noun} detected: ${violations.join('; ')}`;
  if (service === 'lambda') return awsError('ValidationException', text);
  return serviceError(invalidCodes[service], 400, text);
}

function checkStructure(shape: StructureShape, value: unknown, path: string, found: string[]): void {
  for (const member of shape.members) {
    if (found.length >= MOST_VIOLATIONS) return;
    const memberPath = path === '' ? member.pathName : `${path}.${member.pathName}`;
    const memberValue = fieldOf(value, member.name);
    if (memberValue !== undefined && memberValue !== null)
      check(member.shape, memberValue, memberPath, found);
    else if (shape.required.has(member.name)) found.push(violation('Value null', memberPath, notNull()));
  }
}

function check(shape: Shape, value: unknown, path: string, found: string[]): void {
  switch (shape.type) {
    case 'structure':
      return checkStructure(shape, value, path, found);
    case 'list':
      return checkList(shape, value, path, found);
    case 'map':
      return checkMap(shape, value, path, found);
    default:
      for (const rule of violatedRules(shape, value))
        found.push(violation(describeValue(shape, value), path, rule));
  }
}

function checkList(shape: ListShape, value: unknown, path: string, found: string[]): void {
  if (!Array.isArray(value)) return;
  const elements: readonly unknown[] = value;
  const report = (rule: string): number => found.push(violation(describeValue(shape, value), path, rule));
  sizeViolations(elements.length, shape).forEach(report);
  if (isScalar(shape.element)) {
    const rules = violatedByAny(shape.element, elements);
    if (rules !== undefined) report(`Member must satisfy constraint: ${rules}`);
    return;
  }
  for (const [index, element] of elements.entries()) {
    if (found.length >= MOST_VIOLATIONS) return;
    check(shape.element, element ?? {}, `${path}.${index + 1}.member`, found);
  }
}

function checkMap(shape: MapShape, value: unknown, path: string, found: string[]): void {
  const entries = Object.entries(value ?? {}) as [string, unknown][];
  const report = (rule: string): number => found.push(violation(describeValue(shape, value), path, rule));
  sizeViolations(entries.length, shape).forEach(report);
  const keyRules = violatedByAny(
    shape.key,
    entries.map(([key]) => key),
  );
  if (keyRules !== undefined) report(`Map keys must satisfy constraint: ${keyRules}`);
  if (isScalar(shape.value)) {
    const valueRules = violatedByAny(
      shape.value,
      entries.map(([, entry]) => entry),
    );
    if (valueRules !== undefined) report(`Map value must satisfy constraint: ${valueRules}`);
    return;
  }
  for (const [key, entry] of entries) {
    if (found.length >= MOST_VIOLATIONS) return;
    check(shape.value, entry ?? {}, `${path}.${key}.member`, found);
  }
}

function violation(value: string, path: string, rule: string): string {
  return `${value} at '${path}' failed to satisfy constraint: ${rule}`;
}
