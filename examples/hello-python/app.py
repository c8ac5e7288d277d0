"""The smallest useful function: greets, and says how much time it has left."""


def handler(event, context):
    name = event.get("name", "world")
    print(f"greeting {name}")
    return {
        "message": f"Hello, {name}!",
        "function": context.function_name,
        "remainingMs": context.get_remaining_time_in_millis(),
    }
