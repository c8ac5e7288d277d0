import type { AwsError } from '../../model/index.ts';
import type { Protocol } from '../model/shapes.ts';
import type { WireResponse } from './wire-response.ts';
import { escapeXml } from './xml.ts';

interface ErrorEnvelope {
  readonly protocol: Protocol;
  readonly jsonVersion: string;
  readonly xmlNamespace: string;
  readonly requestId: string;
}

/**
 * An error as the protocol of the service spells it: Lambda's envelope with `Type` and `message` or `Message`, JSON's
 * `__type`, Query's `<ErrorResponse>`, EC2's `<Response>`.
 */
export function renderError(error: AwsError, envelope: ErrorEnvelope): WireResponse {
  switch (envelope.protocol) {
    case 'rest-json':
      return renderRestJsonError(error);
    case 'json':
      return renderJsonError(error, envelope.jsonVersion);
    case 'query':
      return renderQueryError(error, envelope);
    case 'ec2':
      return renderEc2Error(error, envelope);
  }
}

function renderRestJsonError(error: AwsError): WireResponse {
  const type = error.type === undefined ? {} : { Type: error.type };
  const body = { ...error.members, ...type, [error.messageKey]: messageOf(error) };
  return {
    status: error.status,
    headers: { 'Content-Type': 'application/json', 'x-amzn-ErrorType': error.code, ...error.headers },
    body: JSON.stringify(body),
  };
}

function renderJsonError(error: AwsError, jsonVersion: string): WireResponse {
  return {
    status: error.status,
    headers: {
      'Content-Type': `application/x-amz-json-${jsonVersion}`,
      'x-amzn-ErrorType': error.code,
      ...error.headers,
    },
    body: JSON.stringify({ __type: error.code, ...error.members, message: messageOf(error) }),
  };
}

function renderQueryError(error: AwsError, { xmlNamespace, requestId }: ErrorEnvelope): WireResponse {
  const type = error.status >= 500 ? 'Receiver' : 'Sender';
  const inner = `<Type>${type}</Type><Code>${escapeXml(error.code)}</Code><Message>${escapeXml(error.message)}</Message>`;
  const namespace = xmlNamespace === '' ? '' : ` xmlns="${escapeXml(xmlNamespace)}"`;
  const body = `<ErrorResponse${namespace}><Error>${inner}</Error><RequestId>${escapeXml(requestId)}</RequestId></ErrorResponse>`;
  return { status: error.status, headers: { 'Content-Type': 'text/xml', ...error.headers }, body };
}

function renderEc2Error(error: AwsError, { requestId }: ErrorEnvelope): WireResponse {
  const inner = `<Code>${escapeXml(error.code)}</Code><Message>${escapeXml(error.message)}</Message>`;
  const body = `<Response><Errors><Error>${inner}</Error></Errors><RequestID>${escapeXml(requestId)}</RequestID></Response>`;
  return {
    status: error.status,
    headers: { 'Content-Type': 'text/xml;charset=UTF-8', ...error.headers },
    body,
  };
}

/** AWS answers some refusals (another account's function) with a null message. */
function messageOf(error: AwsError): string | null {
  return error.message === '' ? null : error.message;
}
