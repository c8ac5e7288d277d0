import type { ListShape, MapShape, OperationModel, Shape, StructureShape } from '../model/shapes.ts';
import { fieldOf } from '../validation/describe.ts';
import type { WireResponse } from './wire-response.ts';
import { escapeXml } from './xml.ts';

interface QueryEnvelope {
  readonly namespace: string;
  readonly requestId: string;
}

/** AWS Query: `<XResponse><XResult>…</XResult><ResponseMetadata>…`. */
export function renderQuery(
  operation: OperationModel,
  output: object | undefined,
  { namespace, requestId }: QueryEnvelope,
): WireResponse {
  const inner = operation.output ? membersXml(operation.output, output ?? {}) : '';
  const wrapper = operation.resultWrapper;
  const result = wrapper === undefined ? '' : element(wrapper, inner);
  const metadata = element('ResponseMetadata', element('RequestId', escapeXml(requestId)));
  const name = `${operation.name}Response`;
  const body = `<${name} xmlns="${escapeXml(namespace)}">${result}${metadata}</${name}>`;
  return { status: 200, headers: { 'Content-Type': 'text/xml' }, body };
}

/** EC2's dialect: no wrapper, no metadata, the request id among the members. */
export function renderEc2(
  operation: OperationModel,
  output: object | undefined,
  { namespace, requestId }: QueryEnvelope,
): WireResponse {
  const inner = operation.output ? membersXml(operation.output, output ?? {}) : '';
  const name = `${operation.name}Response`;
  const body = `<${name} xmlns="${escapeXml(namespace)}">${element('requestId', escapeXml(requestId))}${inner}</${name}>`;
  return { status: 200, headers: { 'Content-Type': 'text/xml;charset=UTF-8' }, body };
}

function membersXml(shape: StructureShape, value: unknown): string {
  return shape.members
    .map((member) => valueXml(member.shape, member.wireName, fieldOf(value, member.name)))
    .join('');
}

function valueXml(shape: Shape, name: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  switch (shape.type) {
    case 'structure':
      return element(name, membersXml(shape, value));
    case 'list':
      return listXml(shape, name, value);
    case 'map':
      return element(name, mapXml(shape, value));
    default:
      return element(name, escapeXml(scalarText(value)));
  }
}

function listXml(shape: ListShape, name: string, value: unknown): string {
  const elements: readonly unknown[] = Array.isArray(value) ? value : [];
  if (shape.flattened) return elements.map((item) => valueXml(shape.element, name, item)).join('');
  return element(name, elements.map((item) => valueXml(shape.element, shape.elementName, item)).join(''));
}

function mapXml(shape: MapShape, value: unknown): string {
  return Object.entries(value ?? {})
    .map(([key, entry]) =>
      element('entry', element('key', escapeXml(key)) + valueXml(shape.value, 'value', entry)),
    )
    .join('');
}

function scalarText(value: unknown): string {
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return String(value);
}

function element(name: string, inner: string): string {
  return `<${name}>${inner}</${name}>`;
}
