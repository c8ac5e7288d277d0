//! A function as people write it with AWS's crate.
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

async fn handle(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let LambdaEvent { payload, context } = event;
    println!("working on {}", payload["do"]);
    match payload["do"].as_str() {
        Some("fail") => Err("not today".into()),
        Some("panic") => panic!("out of order"),
        Some("exit") => std::process::exit(3),
        _ => Ok(json!({
            "hello": payload["name"],
            "request": context.request_id,
            "arn": context.invoked_function_arn,
            "left": context.deadline().elapsed().is_err(),
            "memory": context.env_config.memory,
            "custom": context.client_context.map(|client| client.custom),
        })),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}
