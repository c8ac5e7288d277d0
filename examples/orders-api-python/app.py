"""A handler in the shape that API Gateway and function URLs send: routes, validation, JSON in and out."""

import json
import logging
from decimal import Decimal, InvalidOperation

log = logging.getLogger()
log.setLevel(logging.INFO)

PRICES = {"tea": Decimal("3.20"), "coffee": Decimal("4.10"), "cake": Decimal("5.00")}


def handler(event, context):
    route = f"{event['requestContext']['http']['method']} {event['rawPath']}"
    log.info("%s from %s", route, event["requestContext"]["http"]["sourceIp"])
    if route == "GET /menu":
        return answer(200, {name: str(price) for name, price in PRICES.items()})
    if route == "POST /orders":
        return place_order(event.get("body") or "{}")
    return answer(404, {"error": f"no route {route}"})


def place_order(body):
    try:
        lines = [(line["item"], Decimal(line["count"])) for line in json.loads(body)["lines"]]
        total = sum(PRICES[item] * count for item, count in lines)
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        return answer(400, {"error": f"bad order: {error!r}"})
    return answer(201, {"items": len(lines), "total": str(total)})


def answer(status, body):
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps(body),
    }
